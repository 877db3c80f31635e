package sqlledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
)

// A dialect is what differs between SQLite and Postgres.
type dialect struct {
	driver      string
	migrations  string // their directory
	placeholder byte   // before the number of an argument
	noBytes     string // an empty string of bytes
	lock        string // after a SELECT that locks its row; SQLite locks at BEGIN
	migrating   string // locks out other migrations
	erased      string // what is done after an erasure
}

var sqlite = dialect{
	driver: "sqlite", migrations: "migrations/sqlite", placeholder: '?', noBytes: "x''",
	erased: "PRAGMA wal_checkpoint(TRUNCATE)",
}

var postgres = dialect{
	driver: "pgx", migrations: "migrations/postgres", placeholder: '$', noBytes: "''",
	lock: " FOR UPDATE", migrating: "SELECT pg_advisory_xact_lock(7360226591482315)",
}

// maxArguments is how many arguments a statement takes at most: Postgres has 65,535, SQLite
// 32,766.
const maxArguments = 5000

// A statement is being built.
type statement struct {
	placeholder byte
	sql         strings.Builder
	args        []any
}

func (s *Store) statement(text string) *statement {
	st := &statement{placeholder: s.dialect.placeholder}
	return st.text(text)
}

func (st *statement) text(text string) *statement {
	st.sql.WriteString(text)
	return st
}

func (st *statement) arg(value any) *statement {
	st.args = append(st.args, value)
	st.sql.WriteByte(st.placeholder)
	st.sql.WriteString(strconv.Itoa(len(st.args)))
	return st
}

// list writes n arguments in parentheses.
func (st *statement) list(n int, value func(int) any) *statement {
	st.text("(")
	for i := range n {
		if i > 0 {
			st.text(", ")
		}
		st.arg(value(i))
	}
	return st.text(")")
}

func (st *statement) exec(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, st.sql.String(), st.args...)
	return err
}

// wrap returns an error without values: the detail of a Postgres error may quote a row.
func (s *Store) wrap(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("sqlledger: postgres: SQLSTATE %s", pg.Code)
	}
	var lite *sqlitedriver.Error
	if errors.As(err, &lite) {
		return fmt.Errorf("sqlledger: sqlite: code %d", lite.Code())
	}
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) || err.Error() == "sql: database is closed" {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return fmt.Errorf("sqlledger: %w", err)
}
