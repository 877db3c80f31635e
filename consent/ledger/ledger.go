// Package ledger records what people answered: it proves, for any person and any day, what
// was asked and answered, says whose answer counts if a device and an account differ, and
// shows and erases the records of a person.
//
// A Ledger appends Records to a Store, such as the one of package sqlledger. Each record
// carries the hash of the one before it, so that a change is found: see [Ledger.Verify].
// Personal data enters that hash only as an HMAC under a key for that person.
// [Ledger.Erase] removes both, and the chain still verifies.
//
// [Accounts] connects a Ledger to a site: the answer of a signed-in visitor for the
// middleware, records of the answers that the preferences endpoint takes, and clients for
// workers.
package ledger

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/go-consent/segment/internal/nils"
)

// Options are the options of a Ledger.
type Options struct {
	// Retention is how long the personal data of a record is kept after the record was
	// superseded: see [Ledger.Expire]. It is required. Neither the GDPR nor the ePrivacy
	// Directive gives a number: proof may be kept as long as the processing can be
	// disputed, and not longer than strictly necessary (EDPB guidelines 05/2020, 104 to
	// 108).
	Retention time.Duration

	// Now is the clock. Nil: time.Now.
	Now func() time.Time
}

// A Ledger appends records to a Store and reads them. All methods may be called from many
// goroutines at once, and several processes may share a Store.
type Ledger struct {
	store     Store
	retention time.Duration
	now       func() time.Time
}

// New returns a Ledger on a Store. The error wraps ErrConfig: no Store, or no Retention.
func New(store Store, o Options) (*Ledger, error) {
	if nils.Is(store) {
		return nil, fmt.Errorf("%w: no Store", ErrConfig)
	}
	if o.Retention <= 0 {
		return nil, fmt.Errorf("%w: Options.Retention is required", ErrConfig)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Ledger{store, o.Retention, o.Now}, nil
}

// Append appends records, all or none, and returns them as they were written. If the error
// is nil they survive a crash. It wraps ErrRecord if one of them cannot be appended;
// otherwise it is the Store's, and the records may have been written.
func (l *Ledger) Append(ctx context.Context, records ...Record) ([]Record, error) {
	rows := make([]Row, len(records))
	now := l.now().UTC().Truncate(time.Microsecond)
	for i, r := range records {
		if err := r.check(); err != nil {
			return nil, err
		}
		r.Recorded = now
		if r.Scope == "" {
			r.Scope = DeviceScope
		}
		if r.Given.IsZero() {
			r.Given = now
		}
		var err error
		if rows[i], err = r.row(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRecord, err)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	err := l.store.Append(ctx, newKeys(rows), func(last int64, hash []byte, keys map[string][]byte) ([]Row, error) {
		return rows, chain(rows, last, hash, keys)
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	written := make([]Record, len(rows))
	for i, row := range rows {
		if written[i], err = row.record(); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// A Person is a device, an account, or a device that an account uses. If both are set,
// records of either match.
type Person struct {
	Device, Account string // an anonymous id and a user id
}

// History returns all records of a person, oldest first. It stops after the first error.
func (l *Ledger) History(ctx context.Context, p Person) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		rows, err := l.rowsOf(ctx, p)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for _, row := range rows {
			record, err := row.record()
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// Between returns the records written from since, inclusive, to until, exclusive, oldest
// first. It stops after the first error.
func (l *Ledger) Between(ctx context.Context, since, until time.Time) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		q := Query{Since: since.UnixMicro(), Until: until.UnixMicro()}
		rows, err := l.find(ctx, q)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for i := len(rows) - 1; i >= 0; i-- {
			record, err := rows[i].record()
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// page is how many rows are read from a Store at once.
const page = 1000

// rowsOf returns the rows of a person, oldest first.
func (l *Ledger) rowsOf(ctx context.Context, p Person) ([]Row, error) {
	var rows []Row
	for _, q := range [...]Query{{Device: p.Device}, {Account: p.Account}} {
		if q.Device == "" && q.Account == "" {
			continue
		}
		found, err := l.find(ctx, q)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return slices.CompactFunc(rows, func(a, b Row) bool { return a.Sequence == b.Sequence }), nil
}

// find returns all rows that match q, newest first.
func (l *Ledger) find(ctx context.Context, q Query) ([]Row, error) {
	var rows []Row
	for {
		found, err := l.store.Find(ctx, q, page)
		if err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		rows = append(rows, found...)
		if len(found) < page {
			return rows, nil
		}
		q.Before = found[len(found)-1].Sequence
	}
}

// newest returns the newest record that matches q, and whether there is one.
func (l *Ledger) newest(ctx context.Context, q Query) (Record, bool, error) {
	records, err := l.newestOf(ctx, q, 1)
	if err != nil || len(records) == 0 {
		return Record{}, false, err
	}
	return records[0], true, nil
}

// newestOf returns at most limit records that match q, newest first.
func (l *Ledger) newestOf(ctx context.Context, q Query, limit int) ([]Record, error) {
	rows, err := l.store.Find(ctx, q, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	records := make([]Record, len(rows))
	for i, row := range rows {
		if records[i], err = row.record(); err != nil {
			return nil, err
		}
	}
	return records, nil
}
