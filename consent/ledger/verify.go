package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// A Head is the number and the hash of the newest record at some moment. Keep heads where
// whoever can write to the Store cannot: another company, a time-stamping service, paper.
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
	Erased  int64 // of which what was personal is gone, with a record that says so
	Head    Head

	// Anchored is the highest number of the heads that were found where they ought to be.
	// Of the records after it nobody knows whether others followed, and with 0 of none
	// whether they were the first: whoever can write to the Store can cut the end off, or
	// write all of it anew.
	Anchored int64
}

// String returns the report as a sentence or two.
func (r Report) String() string {
	s := fmt.Sprintf("%d records, %d of them erased; the chain verifies.", r.Records, r.Erased)
	switch {
	case r.Anchored == 0:
		return s + " No exported head was compared: a cut end or a chain written anew cannot be found without one."
	case r.Anchored < r.Records:
		return s + fmt.Sprintf(" As far as record %d it is the chain of the exported heads; a cut end after that cannot be found.", r.Anchored)
	}
	return s + " All of it is the chain of the exported heads."
}

// Verify reads the whole ledger and returns an error that wraps ErrTampered if it is not
// as it was written: the first record that somebody changed, added, took out or moved,
// whose personal part is gone without a record of its erasure, or is back after one. Give
// it exported heads: without one, a cut end or a chain that was written anew cannot be
// found, and the Report says so.
//
// It takes memory for the numbers of erased records, and some microseconds a record.
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

// again returns a row that its keys do not fit as it is now: the person may have been
// erased since it was read.
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
	gone   map[int64]bool // erased; true once a record has said so
	held   []int64        // a record says that they were erased, after they were read whole
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
			return row.tampered("its exported head is another")
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

// erasures takes note of the records that row says were erased.
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
			return row.tampered("it says that records were erased which came later")
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

// end returns what only the whole of the ledger tells.
func (l *Ledger) end(ctx context.Context, v *verification) error {
	for n, told := range v.gone {
		if !told {
			return fmt.Errorf("%w: record %d was erased without a record of that", ErrTampered, n)
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
			return fmt.Errorf("%w: record %d of an exported head is gone", ErrTampered, n)
		}
	}
	return nil
}
