package sqlledger

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/go-consent/segment/consent/ledger"
)

// A request is an Append that waits for the next transaction.
type request struct {
	ctx  context.Context
	keys map[string][]byte
	next func(last int64, hash []byte, keys map[string][]byte) ([]ledger.Row, error)
	done chan error
}

const (
	maxBatch = 256              // requests in a transaction
	timeout  = 30 * time.Second // of a transaction
)

// Append implements ledger.Store. A caller whose ctx is done while its transaction is in
// progress gets the error of ctx, and its rows may or may not have been appended.
func (s *Store) Append(ctx context.Context, keys map[string][]byte, next func(int64, []byte, map[string][]byte) ([]ledger.Row, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{ctx, keys, next, make(chan error, 1)}
	select {
	case s.appends <- r:
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stop:
		s.stopped.Wait()
		select {
		case err := <-r.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// write serves requests until it is stopped, with one transaction for all that are
// waiting.
func (s *Store) write() {
	for {
		select {
		case <-s.stop:
			return
		case first := <-s.appends:
			s.serve(s.waiting(first))
		}
	}
}

func (s *Store) waiting(first *request) []*request {
	batch := []*request{first}
	for len(batch) < maxBatch {
		select {
		case r := <-s.appends:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// serve appends the rows of the requests, and reports the result to each.
func (s *Store) serve(batch []*request) {
	refused := make([]error, len(batch))
	err := s.transaction(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		a, err := s.begin(ctx, tx, batch)
		if err != nil {
			return err
		}
		for i, r := range batch {
			refused[i] = a.add(r)
		}
		return a.write(ctx, tx)
	})
	for i, r := range batch {
		if refused[i] != nil {
			r.done <- refused[i]
			continue
		}
		r.done <- err
	}
}

// transaction runs f in a transaction.
func (s *Store) transaction(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.wrap(err)
	}
	defer tx.Rollback()
	if err := f(ctx, tx); err != nil {
		return err
	}
	return s.wrap(tx.Commit())
}

// An appending collects what a transaction will append.
type appending struct {
	store *Store
	last  int64
	hash  []byte
	keys  map[string][]byte // stored ones
	made  []string          // new ones
	rows  []ledger.Row
}

// begin locks the head, and reads the keys that the requests name.
func (s *Store) begin(ctx context.Context, tx *sql.Tx, batch []*request) (*appending, error) {
	last, hash, err := s.last(ctx, tx, s.dialect.lock)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range batch {
		names = slices.AppendSeq(names, maps.Keys(r.keys))
	}
	slices.Sort(names)
	keys, err := s.keys(ctx, tx, slices.Compact(names))
	return &appending{store: s, last: last, hash: hash, keys: keys}, err
}

// add takes all rows of a request, or none.
func (a *appending) add(r *request) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	keys := maps.Clone(r.keys)
	for name := range keys {
		if kept, ok := a.keys[name]; ok {
			keys[name] = kept
		}
	}
	rows, err := r.next(a.last, a.hash, keys)
	if err != nil || len(rows) == 0 {
		return err
	}
	for name, key := range keys {
		if _, ok := a.keys[name]; !ok {
			a.keys[name] = key
			a.made = append(a.made, name)
		}
	}
	a.rows = append(a.rows, rows...)
	newest := rows[len(rows)-1]
	a.last, a.hash = newest.Sequence, newest.Hash
	return nil
}

func (a *appending) write(ctx context.Context, tx *sql.Tx) error {
	if len(a.rows) == 0 {
		return nil
	}
	const keyColumns, rowColumns = 2, 10
	for part := range slices.Chunk(a.made, maxArguments/keyColumns) {
		insert := a.store.statement("INSERT INTO consent_ledger_keys (name, key) VALUES ")
		for i, name := range part {
			insert.text([]string{"", ", "}[min(i, 1)]).list(keyColumns, func(column int) any {
				return [...]any{[]byte(name), a.keys[name]}[column]
			})
		}
		if err := insert.exec(ctx, tx); err != nil {
			return a.store.wrap(err)
		}
	}
	for part := range slices.Chunk(a.rows, maxArguments/rowColumns) {
		insert := a.store.statement("INSERT INTO consent_ledger (" + columns + ") VALUES ")
		for i, r := range part {
			values := [rowColumns]any{
				r.Sequence, r.Recorded, r.Kind, r.Scope, []byte(r.Device), []byte(r.Account),
				bytesOrNull(r.Personal), bytesOrNull(r.Seal), r.Open, r.Hash,
			}
			insert.text([]string{"", ", "}[min(i, 1)]).list(rowColumns, func(column int) any { return values[column] })
		}
		if err := insert.exec(ctx, tx); err != nil {
			return a.store.wrap(err)
		}
	}
	return a.store.wrap(a.store.statement("UPDATE consent_ledger_head SET sequence = ").arg(a.last).text(", hash = ").arg(a.hash).exec(ctx, tx))
}

// bytesOrNull: a driver may store nil bytes as empty ones.
func bytesOrNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
