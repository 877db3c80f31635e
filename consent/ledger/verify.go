package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// A Head is the number and the hash of the newest record at some moment. Keep heads where
// nobody who can write to the Store can change them: another company, a time-stamping
// service, paper.
type Head struct {
	Sequence int64  `json:"sequence"`
	Hash     []byte `json:"hash"`
}

// Head returns the present head, to be exported. It is zero while the ledger is empty.
func (l *Ledger) Head(ctx context.Context) (Head, error) {
	n, hash, err := l.store.Last(ctx)
	if err != nil {
		return Head{}, fmt.Errorf("ledger: %w", err)
	}
	return Head{n, hash}, nil
}

// A Report is what Verify found.
type Report struct {
	Records int64 // in the ledger
	Erased  int64 // without their personal data, with a record of the erasure
	Head    Head

	// Anchored is the highest number of the exported heads that match. After it, or
	// anywhere if it is 0, nothing shows whether records were cut off at the end or
	// rewritten: anybody who can write to the Store can do that.
	Anchored int64
}

// String returns the report as a sentence or two.
func (r Report) String() string {
	s := fmt.Sprintf("%d records, %d of them erased; the chain verifies.", r.Records, r.Erased)
	switch {
	case r.Anchored == 0:
		return s + " No exported head was compared: without one, a truncated or rewritten chain cannot be detected."
	case r.Anchored < r.Records:
		return s + fmt.Sprintf(" It matches the exported heads up to record %d; a truncation after that cannot be detected.", r.Anchored)
	}
	return s + " All of it matches the exported heads."
}

// Verify reads the whole ledger and returns an error that wraps ErrTampered for the first
// record that somebody changed, added, removed or moved, or whose personal data is
// missing without a record of its erasure, or is back after one. Pass it exported heads:
// without one, a truncated or rewritten chain cannot be detected, and the Report says so.
//
// It needs memory for the numbers of erased records, and some microseconds per record.
func (l *Ledger) Verify(ctx context.Context, heads ...Head) (Report, error) {
	v := verification{gone: make(map[int64]bool), heads: make(map[int64][][]byte)}
	for _, h := range heads {
		if h.Sequence > 0 {
			v.heads[h.Sequence] = append(v.heads[h.Sequence], h.Hash)
		}
	}
	for {
		rows, err := l.store.Rows(ctx, v.report.Head.Sequence, page)
		if err != nil {
			return Report{}, fmt.Errorf("ledger: %w", err)
		}
		if len(rows) == 0 {
			err := l.end(ctx, &v)
			return v.report, err
		}
		keys, err := l.keysOf(ctx, rows)
		if err != nil {
			return Report{}, err
		}
		for _, row := range rows {
			if row.Personal != nil && !row.sealed(keys) {
				if row, err = l.again(ctx, row); err != nil {
					return v.report, err
				}
			}
			if err := v.add(row, keys); err != nil {
				return v.report, err
			}
		}
	}
}

// again rereads a row that its keys do not match: the person may have been erased since
// it was read.
func (l *Ledger) again(ctx context.Context, row Row) (Row, error) {
	rows, err := l.store.Rows(ctx, row.Sequence-1, 1)
	if err != nil {
		return row, fmt.Errorf("ledger: %w", err)
	}
	if len(rows) == 1 && rows[0].Personal == nil {
		return rows[0], nil
	}
	return row, nil
}

func (l *Ledger) keysOf(ctx context.Context, rows []Row) (map[string][]byte, error) {
	var names []string
	for _, row := range rows {
		names = append(names, row.Keys()...)
	}
	keys, err := l.store.Keys(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return keys, nil
}

type verification struct {
	report Report
	gone   map[int64]bool // erased; true once an erasure record lists it
	held   []int64        // listed as erased by a record, but still whole when read
	heads  map[int64][][]byte
}

func (v *verification) add(row Row, keys map[string][]byte) error {
	if row.Sequence != v.report.Head.Sequence+1 {
		return fmt.Errorf("%w: record %d does not follow record %d", ErrTampered, row.Sequence, v.report.Head.Sequence)
	}
	if err := row.verify(v.report.Head.Hash, keys); err != nil {
		return err
	}
	for _, hash := range v.heads[row.Sequence] {
		if !bytes.Equal(hash, row.Hash) {
			return row.tampered("its exported head does not match")
		}
		v.report.Anchored = row.Sequence
	}
	if row.erased() {
		v.gone[row.Sequence] = false
		v.report.Erased++
	}
	v.report.Records++
	v.report.Head = Head{row.Sequence, row.Hash}
	return v.erasures(row)
}

// erasures notes the records that row lists as erased.
func (v *verification) erasures(row Row) error {
	if row.Kind != string(Erasure) && row.Kind != string(Expiry) {
		return nil
	}
	var o open
	if err := json.Unmarshal(row.Open, &o); err != nil {
		return row.tampered("cannot be read")
	}
	for _, r := range o.Erased {
		if r[0] < 1 || r[1] >= row.Sequence {
			return row.tampered("it lists later records as erased")
		}
		for n := r[0]; n <= r[1]; n++ {
			if _, gone := v.gone[n]; gone {
				v.gone[n] = true
			} else {
				v.held = append(v.held, n)
			}
		}
	}
	return nil
}

// end returns the faults that show only after reading the whole ledger.
func (l *Ledger) end(ctx context.Context, v *verification) error {
	for n, told := range v.gone {
		if !told {
			return fmt.Errorf("%w: record %d was erased without a record of the erasure", ErrTampered, n)
		}
	}
	for _, n := range v.held { // erased while this went on, or back
		rows, err := l.store.Rows(ctx, n-1, 1)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		if len(rows) != 1 || rows[0].Sequence != n || rows[0].Personal != nil {
			return fmt.Errorf("%w: record %d was erased and is back", ErrTampered, n)
		}
		v.report.Erased++
	}
	for n := range v.heads {
		if n > v.report.Records {
			return fmt.Errorf("%w: record %d of an exported head is missing", ErrTampered, n)
		}
	}
	return nil
}
