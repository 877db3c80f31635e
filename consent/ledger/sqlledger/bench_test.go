package sqlledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/ledger"
)

// BenchmarkAppend measures the time of one record when several writers append at once, one
// record each at a time.
func BenchmarkAppend(b *testing.B) {
	for _, p := range places {
		for _, writers := range []int{1, 10, 64} {
			b.Run(fmt.Sprintf("%s/%d", p.name, writers), func(b *testing.B) {
				l := book(b, p.open(b)())
				b.ResetTimer()
				share(b.N, writers, func(i int) {
					if _, err := l.Append(context.Background(), person(i)); err != nil {
						b.Error(err)
					}
				})
			})
		}
	}
}

// person returns the answer of one of a hundred thousand accounts, with three devices each.
func person(i int) ledger.Record {
	r := answer(fmt.Sprintf("%036d", i%300_000), fmt.Sprintf("account-%d", i%100_000), i%2 == 0)
	r.Scope = ledger.AccountScope
	r.Notice = ledger.Notice{ID: "banner", Version: "2026-11", Shown: [32]byte{1}}
	r.Language, r.Region, r.RegionSource = "en", "GB", "header"
	return r
}

func share(n, writers int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				do(i)
			}
		})
	}
	wg.Wait()
}

// BenchmarkRead measures the time to find out what counts for an account. LEDGER_RECORDS is the
// number of records.
func BenchmarkRead(b *testing.B) {
	records, err := strconv.Atoi(os.Getenv("LEDGER_RECORDS"))
	if err != nil {
		records = 1000
	}
	for _, p := range places {
		l := book(b, p.open(b)())
		for i := 0; i < records; i += 1000 {
			batch := make([]ledger.Record, 1000)
			for j := range batch {
				batch[j] = person(i + j)
			}
			_, err := l.Append(context.Background(), batch...)
			require.NoError(b, err)
		}
		for _, readers := range []int{1, 10, 64} {
			b.Run(fmt.Sprintf("%s/%d", p.name, readers), func(b *testing.B) {
				share(b.N, readers, func(int) {
					ruling, err := l.Worker(context.Background(), fmt.Sprintf("account-%d", rand.IntN(min(records, 100_000))))
					if err != nil || ruling.Why != ledger.WhyWorker {
						b.Error(ruling.Why, err)
					}
				})
			})
		}
	}
}

// BenchmarkSize measures how many bytes a record takes in the SQLite file.
func BenchmarkSize(b *testing.B) {
	for b.Loop() {
		const records = 10_000
		path := filepath.Join(b.TempDir(), "ledger.db")
		store := openSQLite(b, path)
		l := book(b, store)
		batch := make([]ledger.Record, records)
		for i := range batch {
			batch[i] = person(i)
		}
		_, err := l.Append(context.Background(), batch...)
		require.NoError(b, err)
		require.NoError(b, store.Close())
		file, err := os.Stat(path)
		require.NoError(b, err)
		b.ReportMetric(float64(file.Size())/records, "B/record")
	}
}
