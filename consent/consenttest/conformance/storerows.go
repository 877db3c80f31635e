package conformance

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-consent/segment/consent/ledger"
)

// appendRows appends rows with numbers from the Store, and the given keys.
func appendRows(s ledger.Store, keys map[string][]byte, rows ...ledger.Row) error {
	return s.Append(context.Background(), keys, func(last int64, _ []byte, _ map[string][]byte) ([]ledger.Row, error) {
		numbered := slices.Clone(rows)
		for i := range numbered {
			numbered[i].Sequence = last + int64(i) + 1
		}
		return numbered, nil
	})
}

// storeRow returns a row as a Ledger makes it, without its number.
func storeRow(device, account, kind string, recorded int64) ledger.Row {
	return ledger.Row{
		Recorded: recorded, Kind: kind, Scope: "device", Device: device, Account: account,
		Personal: []byte(`{"state":"1."}`), Seal: []byte{1, 2, 3}, Open: []byte(`{}`), Hash: []byte{4, 5, 6},
	}
}

// keysFor returns a key for each person of the rows, all bytes of which are b.
func keysFor(b byte, rows ...ledger.Row) map[string][]byte {
	keys := make(map[string][]byte)
	for _, r := range rows {
		for _, name := range r.Keys() {
			keys[name] = slices.Repeat([]byte{b}, 32)
		}
	}
	return keys
}

// fill appends one row after the other.
func fill(s ledger.Store, rows ...ledger.Row) error {
	for _, r := range rows {
		if err := appendRows(s, keysFor(1, r), r); err != nil {
			return err
		}
	}
	return nil
}

// sameRow compares rows. Empty and nil bytes are the same, except in Personal, where nil means
// erased.
func sameRow(got, want ledger.Row) string {
	if (got.Personal == nil) != (want.Personal == nil) {
		return fmt.Sprintf("row %d: Personal is nil: %t", got.Sequence, got.Personal == nil)
	}
	if fmt.Sprintf("%q", fmt.Sprint(got)) != fmt.Sprintf("%q", fmt.Sprint(want)) {
		return fmt.Sprintf("row %d is %.300v, and was %.300v", want.Sequence, got, want)
	}
	return ""
}

func numbers(rows []ledger.Row) []int64 {
	ns := []int64{}
	for _, r := range rows {
		ns = append(ns, r.Sequence)
	}
	return ns
}

// differs returns how the rows differ from those wanted, or "".
func differs(what string, got, want any, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("%s is an error: %v", what, err)
	case !reflect.DeepEqual(got, want):
		return fmt.Sprintf("%s is %v, and should be %v", what, got, want)
	}
	return ""
}

// first returns the first that is not "".
func first(how ...string) string {
	for _, h := range how {
		if h != "" {
			return h
		}
	}
	return ""
}

// holds returns how the numbers of the rows of a Store differ from those wanted.
func holds(s ledger.Store, want ...int64) string {
	rows, err := s.Rows(context.Background(), 0, 1000)
	return differs("the list of numbers", numbers(rows), append([]int64{}, want...), err)
}

func lastIs(s ledger.Store, want int64, hash []byte) string {
	n, got, err := s.Last(context.Background())
	return first(differs("the newest number", n, want, err), differs("the newest hash", len(got) == len(hash) && string(got) == string(hash), true, err))
}

func keysAre(s ledger.Store, want map[string][]byte, names ...string) string {
	got, err := s.Keys(context.Background(), names)
	if len(got) == 0 && len(want) == 0 {
		return differs("the list of keys", 0, 0, err)
	}
	return differs("the list of keys", got, want, err)
}
