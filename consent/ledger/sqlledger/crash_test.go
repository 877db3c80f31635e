package sqlledger_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/consent/ledger/sqlledger"
)

// crashing names the database of a process that appends until it is killed.
const crashing = "LEDGER_CRASHING"

// appendUntilKilled appends from eight goroutines and prints each number that the Store has
// acknowledged.
func appendUntilKilled() {
	name := os.Getenv(crashing)
	open := sqlledger.OpenSQLite
	if strings.HasPrefix(name, "postgres:") {
		open = sqlledger.OpenPostgres
	}
	store, err := open(context.Background(), name)
	if err != nil {
		panic(err)
	}
	l, err := ledger.New(store, ledger.Options{Retention: year})
	if err != nil {
		panic(err)
	}
	for writer := range 8 {
		go func() {
			for i := 0; ; i++ {
				written, err := l.Append(context.Background(), answer(fmt.Sprint("phone", writer), fmt.Sprint("ann", i), true))
				if err != nil {
					panic(err)
				}
				fmt.Printf("%d\n", written[0].Sequence)
			}
		}()
	}
	select {} // however slow the disk is
}

// Whatever was acknowledged before a kill is there after it, and the chain verifies.
func TestAcknowledgedRowsSurviveCrash(t *testing.T) {
	const wanted, kills = 10_000, 5
	for _, p := range []struct {
		name string
		make func() (database string, open func() *sqlledger.Store)
	}{
		{"SQLite", func() (string, func() *sqlledger.Store) {
			path := t.TempDir() + "/ledger.db"
			return path, func() *sqlledger.Store { return openSQLite(t, path) }
		}},
		{"Postgres", func() (string, func() *sqlledger.Store) {
			url := postgresURL(t)
			return url, func() *sqlledger.Store { return openPostgres(t, url) }
		}},
	} {
		t.Run(p.name, func(t *testing.T) {
			database, open := p.make()
			acknowledged := make(map[int64]bool)
			for range kills {
				killAfter(t, database, wanted/kills, acknowledged)
				count := held(t, open())
				for n := range acknowledged {
					require.LessOrEqual(t, n, count, "acknowledged, and lost")
				}
			}
			report, err := book(t, open()).Verify(context.Background())
			require.NoError(t, err)
			require.GreaterOrEqual(t, report.Records, int64(len(acknowledged)))
			require.GreaterOrEqual(t, len(acknowledged), wanted)
		})
	}
}

// killAfter starts a process that appends, and kills it once it has acknowledged n records. It
// adds every acknowledged number to the map.
func killAfter(t *testing.T, database string, n int, acknowledged map[int64]bool) {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), crashing+"="+database)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	var kill sync.Once
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		var sequence int64
		if _, err := fmt.Sscan(lines.Text(), &sequence); err == nil {
			acknowledged[sequence] = true
		}
		if i == n {
			kill.Do(func() { command.Process.Kill() })
		}
	}
	kill.Do(func() { t.Error("the process ended by itself") })
	command.Wait()
}

// held returns how many rows a Store holds, and checks that their numbers have no gap.
func held(t *testing.T, s *sqlledger.Store) (count int64) {
	defer s.Close()
	for {
		rows, err := s.Rows(context.Background(), count, 5000)
		require.NoError(t, err)
		if len(rows) == 0 {
			return count
		}
		for _, r := range rows {
			require.Equal(t, count+1, r.Sequence)
			count++
		}
	}
}
