package sqlledger_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/consent/ledger/sqlledger"
)

const year = 365 * 24 * time.Hour

func openSQLite(t testing.TB, path string) *sqlledger.Store {
	store, err := sqlledger.OpenSQLite(context.Background(), path)
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	return store
}

func openPostgres(t testing.TB, url string) *sqlledger.Store {
	store, err := sqlledger.OpenPostgres(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	return store
}

// A place is a database in which a Store can be opened repeatedly.
type place struct {
	name string
	open func(t testing.TB) func() *sqlledger.Store
}

var places = []place{
	{"SQLite", func(t testing.TB) func() *sqlledger.Store {
		path := filepath.Join(t.TempDir(), "a ledger?.db")
		return func() *sqlledger.Store { return openSQLite(t, path) }
	}},
	{"Postgres", func(t testing.TB) func() *sqlledger.Store {
		url := postgresURL(t)
		return func() *sqlledger.Store { return openPostgres(t, url) }
	}},
}

func book(t testing.TB, store ledger.Store) *ledger.Ledger {
	l, err := ledger.New(store, ledger.Options{Retention: year})
	require.NoError(t, err)
	return l
}

func answer(device, account string, granted bool) ledger.Record {
	return ledger.Record{
		Kind: ledger.Answer, Device: device, Account: account, Source: "preferences",
		State: consent.NewState(map[string]bool{"analytics": granted}),
	}
}

func TestStoresConform(t *testing.T) {
	t.Run("SQLite in memory", func(t *testing.T) {
		conformance.TestStore(t, func() *sqlledger.Store { return openSQLite(t, "") })
	})
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			conformance.TestStore(t, func() *sqlledger.Store { return p.open(t)() })
		})
	}
}

// Several processes on one database append, erase and verify at the same time.
func TestProcessesAppendInTurn(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			open := p.open(t)
			var wg sync.WaitGroup
			for process := range 3 {
				l := book(t, open())
				for writer := range 4 {
					wg.Go(func() {
						for i := range 20 {
							person := fmt.Sprint(process, writer, i%3)
							if _, err := l.Append(context.Background(), answer("phone"+person, "ann"+person, true)); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Go(func() {
					for range 5 {
						if _, err := l.Erase(context.Background(), ledger.Person{Account: fmt.Sprint("ann", process, 1, 1)}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			report, err := book(t, open()).Verify(context.Background())
			require.NoError(t, err)
			require.GreaterOrEqual(t, report.Records, int64(240))
		})
	}
}

func TestReopen(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			open := p.open(t)
			store := open()
			_, err := book(t, store).Append(context.Background(), answer("phone", "ann", true), answer("phone", "ann", false))
			require.NoError(t, err)
			head, err := book(t, store).Head(context.Background())
			require.NoError(t, err)
			require.NoError(t, store.Close())
			require.ErrorIs(t, store.Close(), sqlledger.ErrClosed)
			_, err = book(t, store).Append(context.Background(), answer("phone", "ann", true))
			require.ErrorIs(t, err, sqlledger.ErrClosed)
			_, err = store.Rows(context.Background(), 0, 1)
			require.ErrorIs(t, err, sqlledger.ErrClosed)

			again := book(t, open())
			report, err := again.Verify(context.Background(), head)
			require.NoError(t, err)
			require.EqualValues(t, 2, report.Records)
			require.EqualValues(t, 2, report.Anchored)
		})
	}
}

func TestErrorsContainNoRowData(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			store := p.open(t)()
			row := ledger.Row{Sequence: 1, Kind: "answer", Scope: "device", Device: "phone-of-ann", Open: []byte("{}"), Hash: []byte{1}, Personal: []byte("secret")}
			for _, again := range []bool{false, true} {
				err := store.Append(context.Background(), map[string][]byte{"device:phone-of-ann": {1}}, func(int64, []byte, map[string][]byte) ([]ledger.Row, error) {
					return []ledger.Row{row}, nil
				})
				require.Equal(t, again, err != nil, "the second has a number that is taken")
				if again {
					require.NotContains(t, err.Error(), "ann")
					require.NotContains(t, err.Error(), "secret")
				}
			}
		})
	}
}

func TestTriggersAllowOnlyErasing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	url := postgresURL(t)
	for _, c := range []struct {
		driver, name string
		store        *sqlledger.Store
	}{{"sqlite", path, openSQLite(t, path)}, {"pgx", url, openPostgres(t, url)}} {
		_, err := book(t, c.store).Append(context.Background(), answer("phone", "ann", true))
		require.NoError(t, err)
		db, err := sql.Open(c.driver, c.name)
		require.NoError(t, err)
		defer db.Close()
		for _, statement := range []string{
			"DELETE FROM consent_ledger",
			"UPDATE consent_ledger SET recorded = 1",
			"UPDATE consent_ledger SET kind = 'import'",
			"UPDATE consent_ledger SET device = account",
		} {
			_, err = db.Exec(statement)
			require.ErrorContains(t, err, "append only", statement)
		}
	}
}

// Erased content does not remain in SQLite's files.
func TestErasedContentIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	l := book(t, openSQLite(t, filepath.Join(dir, "ledger.db")))
	for i := range 100 {
		_, err := l.Append(context.Background(), answer(fmt.Sprint("phone", i), "unmistakable-ann", true))
		require.NoError(t, err)
	}
	require.Positive(t, occurrences(t, dir, "unmistakable-ann"))
	n, err := l.Erase(context.Background(), ledger.Person{Account: "unmistakable-ann"})
	require.NoError(t, err)
	require.Equal(t, 100, n)
	require.Zero(t, occurrences(t, dir, "unmistakable-ann"))
	require.Zero(t, occurrences(t, dir, "phone1"))
	_, err = l.Verify(context.Background())
	require.NoError(t, err)
}

func occurrences(t *testing.T, dir, text string) (n int) {
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		n += bytes.Count(content, []byte(text))
	}
	return n
}

func TestTablesOfANewerVersionAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	openSQLite(t, path)
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("INSERT INTO consent_ledger_version VALUES (99)")
	require.NoError(t, err)
	_, err = sqlledger.OpenSQLite(context.Background(), path)
	require.ErrorContains(t, err, "version 99")
}

func TestOpenReportsErrors(t *testing.T) {
	_, err := sqlledger.OpenSQLite(context.Background(), filepath.Join(t.TempDir(), "missing", "ledger.db"))
	require.Error(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = sqlledger.OpenPostgres(ctx, "postgres://nobody@127.0.0.1:1/none")
	require.Error(t, err)
}

func Example() {
	ctx := context.Background()
	store, err := sqlledger.OpenSQLite(ctx, "") // in memory
	if err != nil {
		panic(err)
	}
	defer store.Close()
	book, err := ledger.New(store, ledger.Options{Retention: 3 * 365 * 24 * time.Hour})
	if err != nil {
		panic(err)
	}
	_, err = book.Append(ctx, ledger.Record{
		Kind: ledger.Answer, Device: "phone", State: consent.NewState(map[string]bool{"analytics": true}),
	})
	fmt.Println(err)
	for record, err := range book.History(ctx, ledger.Person{Device: "phone"}) {
		fmt.Println(record.Sequence, record.Kind, record.State.Category("analytics"), err)
	}
	// Output:
	// <nil>
	// 1 answer granted <nil>
}
