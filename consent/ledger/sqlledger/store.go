// Package sqlledger stores a ledger in SQLite or Postgres.
//
//	store, err := sqlledger.OpenSQLite(ctx, "consent.db")
//	book, err := ledger.New(store, ledger.Options{Retention: 3 * 365 * 24 * time.Hour})
//
// SQLite needs no server and no C compiler: it is a file, for one machine. Postgres is for
// several. Numbered migrations create and change the tables when a Store is opened; their
// names begin with consent_ledger, and triggers allow only appending and erasing.
//
// Each process writes in batches: rows appended while a transaction is in progress wait for
// the next one. Every transaction first locks the number of the newest row, so that
// transactions run one after another and cannot deadlock.
package sqlledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/go-consent/segment/consent/ledger"
)

// ErrClosed is the error of a Store after Close.
var ErrClosed = errors.New("sqlledger: closed")

// A Store is a ledger.Store in a database. Its methods may be called from many goroutines
// at once, and several processes may use one database.
type Store struct {
	db      *sql.DB
	dialect dialect

	appends chan *request
	stop    chan struct{}
	stopped sync.WaitGroup
	once    sync.Once
}

var _ ledger.Store = (*Store)(nil)

// OpenSQLite opens the database in a file, which it creates if missing, or one in memory if
// the path is "". Rows survive a crash of the process and of the machine once Append has
// returned (synchronous = FULL). Several processes of one machine may share a file.
//
// Erased content is overwritten (secure_delete), and the write-ahead log is emptied after
// each erasure; while another process reads, that waits for a later one. Copies of the file
// are out of reach.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "secure_delete(ON)"},
	}
	connections := 0
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
	if path == "" {
		connections = 1 // each would have a database of its own
		name = "file::memory:?" + pragmas.Encode()
	}
	return open(ctx, sqlite, name, connections)
}

// OpenPostgres opens a database of Postgres, by a URL or connection string for
// pgx. Once Append has returned, rows are as durable as the server's synchronous_commit
// makes them.
//
// Erased content stays in dead rows until VACUUM has removed them, in the write-ahead log
// until it is recycled, and in backups and replicas.
func OpenPostgres(ctx context.Context, connection string) (*Store, error) {
	return open(ctx, postgres, connection, 0)
}

func open(ctx context.Context, d dialect, name string, connections int) (*Store, error) {
	db, err := sql.Open(d.driver, name)
	if err != nil {
		return nil, fmt.Errorf("sqlledger: %w", err)
	}
	db.SetMaxOpenConns(connections)
	if err := migrate(ctx, db, d); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlledger: %w", err), db.Close())
	}
	s := &Store{db: db, dialect: d, appends: make(chan *request, maxBatch), stop: make(chan struct{})}
	s.stopped.Go(s.write)
	return s, nil
}

// Close waits for the current transaction, and closes the database. Requests that wait for
// the next one get ErrClosed.
func (s *Store) Close() error {
	err := ErrClosed
	s.once.Do(func() {
		close(s.stop)
		s.stopped.Wait()
		err = s.db.Close()
	})
	return err
}

// Last implements ledger.Store.
func (s *Store) Last(ctx context.Context) (int64, []byte, error) {
	return s.last(ctx, s.db, "")
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *Store) last(ctx context.Context, q querier, lock string) (sequence int64, hash []byte, err error) {
	err = q.QueryRowContext(ctx, "SELECT sequence, hash FROM consent_ledger_head"+lock).Scan(&sequence, &hash)
	return sequence, hash, s.wrap(err)
}

// Rows implements ledger.Store.
func (s *Store) Rows(ctx context.Context, after int64, limit int) ([]ledger.Row, error) {
	q := s.statement("SELECT " + columns + " FROM consent_ledger WHERE sequence > ").arg(after).
		text(" ORDER BY sequence LIMIT ").arg(limit)
	return s.rows(ctx, q)
}

// Find implements ledger.Store.
func (s *Store) Find(ctx context.Context, q ledger.Query, limit int) ([]ledger.Row, error) {
	return s.rows(ctx, s.find(q, limit))
}

func (s *Store) find(q ledger.Query, limit int) *statement {
	find := s.statement("SELECT " + columns + " FROM consent_ledger WHERE true")
	if q.Device != "" {
		find.text(" AND device <> " + s.dialect.noBytes + " AND device = ").arg([]byte(q.Device))
	}
	if q.Account != "" {
		find.text(" AND account <> " + s.dialect.noBytes + " AND account = ").arg([]byte(q.Account))
	}
	for i, kind := range q.Kinds {
		find.text([]string{" AND kind IN (", ", "}[min(i, 1)]).arg(kind)
	}
	if len(q.Kinds) > 0 {
		find.text(")")
	}
	if q.Scope != "" {
		find.text(" AND scope = ").arg(q.Scope)
	}
	for _, bound := range []struct {
		condition string
		value     int64
	}{{" AND recorded >= ", q.Since}, {" AND recorded < ", q.Until}, {" AND sequence > ", q.After}, {" AND sequence < ", q.Before}} {
		if bound.value != 0 {
			find.text(bound.condition).arg(bound.value)
		}
	}
	return find.text(" ORDER BY sequence DESC LIMIT ").arg(limit)
}

const columns = "sequence, recorded, kind, scope, device, account, personal, seal, open, hash"

func (s *Store) rows(ctx context.Context, q *statement) ([]ledger.Row, error) {
	found, err := s.db.QueryContext(ctx, q.sql.String(), q.args...)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer found.Close()
	var rows []ledger.Row
	for found.Next() {
		var r ledger.Row
		var device, account []byte
		if err := found.Scan(&r.Sequence, &r.Recorded, &r.Kind, &r.Scope, &device, &account, &r.Personal, &r.Seal, &r.Open, &r.Hash); err != nil {
			return nil, s.wrap(err)
		}
		r.Device, r.Account = string(device), string(account)
		rows = append(rows, r)
	}
	return rows, s.wrap(found.Err())
}

// Keys implements ledger.Store.
func (s *Store) Keys(ctx context.Context, names []string) (map[string][]byte, error) {
	return s.keys(ctx, s.db, names)
}

func (s *Store) keys(ctx context.Context, q querier, names []string) (map[string][]byte, error) {
	keys := make(map[string][]byte, len(names))
	for part := range slices.Chunk(names, maxArguments) {
		find := s.statement("SELECT name, key FROM consent_ledger_keys WHERE name IN ")
		find.list(len(part), func(i int) any { return []byte(part[i]) })
		if err := s.eachKey(ctx, q, find, func(name, key []byte) { keys[string(name)] = key }); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (s *Store) eachKey(ctx context.Context, q querier, find *statement, yield func(name, key []byte)) error {
	found, err := q.QueryContext(ctx, find.sql.String(), find.args...)
	if err != nil {
		return s.wrap(err)
	}
	defer found.Close()
	for found.Next() {
		var name, key []byte
		if err := found.Scan(&name, &key); err != nil {
			return s.wrap(err)
		}
		yield(name, key)
	}
	return s.wrap(found.Err())
}
