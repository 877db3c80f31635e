package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Erase removes what the ledger holds of a person: the ids, answers, strings, languages and
// regions of every record that names the device or the account, and their keys. A record
// that names both is erased with either. It returns the number of erased records, and
// appends a record that lists their numbers. The chain still verifies.
//
// Erasing an account erases only those records of its devices that name the account.
// Answers given while nobody was signed in belong to the device: erase them by the ids in
// the History of the account.
//
// Erase cannot reach copies: backups, lagging replicas, exports, and dead rows of Postgres
// until VACUUM has removed them.
func (l *Ledger) Erase(ctx context.Context, p Person) (int, error) {
	total := 0
	for {
		rows, err := l.rowsOf(ctx, p)
		if err != nil || len(rows) == 0 {
			return total, err
		}
		n, err := l.erase(ctx, Erasure, rows)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
		// A record may have come meanwhile.
	}
}

// Expire removes personal data from records that are older than the Retention and no longer
// count, and returns how many those were. Run it daily.
//
// The newest answer of an account and the signals since then count until it answers again or
// is erased, however old they are: without them a denial would be forgotten. For a
// device without an account nothing counts beyond the Retention, since its own cookie holds
// its answer.
func (l *Ledger) Expire(ctx context.Context) (int, error) {
	until := l.now().Add(-l.retention).UnixMicro()
	total, after := 0, int64(0)
	for {
		rows, err := l.store.Rows(ctx, after, page)
		if err != nil {
			return total, fmt.Errorf("ledger: %w", err)
		}
		var old []Row
		for _, row := range rows {
			if row.Recorded >= until {
				rows = nil // later rows are as new, unless the clock was set back
				break
			}
			counts, err := l.counts(ctx, row)
			if err != nil {
				return total, err
			}
			if row.Personal != nil && !counts {
				old = append(old, row)
			}
			after = row.Sequence
		}
		n, err := l.erase(ctx, Expiry, old)
		total += n
		if err != nil || len(rows) < page {
			return total, err
		}
	}
}

// counts reports whether a row still decides for its account.
func (l *Ledger) counts(ctx context.Context, row Row) (bool, error) {
	if row.Account == "" || row.Personal == nil {
		return false, nil
	}
	s, err := l.standing(ctx, row.Account)
	return s.has(row.Sequence), err
}

// erase removes personal data from rows and appends a record of that kind.
func (l *Ledger) erase(ctx context.Context, kind Kind, rows []Row) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	sequences := make([]int64, len(rows))
	for i, row := range rows {
		sequences[i] = row.Sequence
	}
	n := 0
	now := l.now().UTC().Truncate(time.Microsecond).UnixMicro()
	err := l.store.Erase(ctx, sequences, func(last int64, hash []byte, erased []int64) (Row, error) {
		n = len(erased)
		opened, err := json.Marshal(open{Given: now, Erased: ranges(erased)})
		record := []Row{{Recorded: now, Kind: string(kind), Open: opened}}
		if err == nil {
			err = chain(record, last, hash, nil)
		}
		return record[0], err
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: %w", err)
	}
	return n, nil
}

// ranges returns ascending numbers as ranges.
func ranges(numbers []int64) [][2]int64 {
	var all [][2]int64
	for _, n := range numbers {
		if last := len(all) - 1; last >= 0 && all[last][1] == n-1 {
			all[last][1] = n
			continue
		}
		all = append(all, [2]int64{n, n})
	}
	return all
}
