package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/go-consent/segment/consent/ledger"
)

func nextKnowsTheLast(newStore func() ledger.Store) string {
	s := newStore()
	for want := range int64(3) {
		row := storeRow("d1", "", "answer", 1)
		row.Hash = []byte{byte(want + 1)}
		var last int64
		var hash []byte
		err := s.Append(context.Background(), keysFor(1, row), func(n int64, h []byte, _ map[string][]byte) ([]ledger.Row, error) {
			last, hash = n, slices.Clone(h)
			row.Sequence = n + 1
			return []ledger.Row{row}, nil
		})
		how := first(differs("the number that next is told", last, want, err), differs("the length of the hash that next is told", len(hash), min(int(want), 1), nil))
		if how == "" && want > 0 {
			how = differs("the hash that next is told", hash, []byte{byte(want)}, nil)
		}
		if how != "" {
			return how
		}
	}
	return ""
}

func keysStay(newStore func() ledger.Store) string {
	s := newStore()
	row := storeRow("d1", "u1", "answer", 1)
	if err := fill(s, storeRow("d1", "", "answer", 1)); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	var told map[string][]byte
	err := s.Append(context.Background(), keysFor(2, row), func(last int64, _ []byte, keys map[string][]byte) ([]ledger.Row, error) {
		told = keys
		row.Sequence = last + 1
		return []ledger.Row{row}, nil
	})
	want := map[string][]byte{"device:d1": slices.Repeat([]byte{1}, 32), "account:u1": slices.Repeat([]byte{2}, 32)}
	return first(differs("what next is told of the keys", told, want, err), keysAre(s, want, "device:d1", "account:u1", "account:u2"))
}

func failureChangesNothing(newStore func() ledger.Store) string {
	s := newStore()
	if err := fill(s, storeRow("d1", "", "answer", 1)); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	refused := errors.New("refused")
	row := storeRow("d2", "", "answer", 1)
	err := s.Append(context.Background(), keysFor(1, row), func(int64, []byte, map[string][]byte) ([]ledger.Row, error) {
		return []ledger.Row{row}, refused
	})
	if !errors.Is(err, refused) {
		return fmt.Sprintf("the error of Append is %v, and not that of next", err)
	}
	return first(holds(s, 1), keysAre(s, nil, "device:d2"))
}

func cancelledAppendsNothing(newStore func() ledger.Store) string {
	s := newStore()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	row := storeRow("d1", "", "answer", 1)
	err := s.Append(ctx, keysFor(1, row), func(last int64, _ []byte, _ map[string][]byte) ([]ledger.Row, error) {
		row.Sequence = last + 1
		return []ledger.Row{row}, nil
	})
	if err == nil {
		return "Append is no error"
	}
	return holds(s)
}

func appendsFollowEachOther(newStore func() ledger.Store) string {
	const goroutines, each = 8, 10
	s := newStore()
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for range each {
				row := storeRow(fmt.Sprint("d", g), "shared", "answer", 1)
				errs[g] = errors.Join(errs[g], appendRows(s, keysFor(byte(g), row), row, row))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	want := make([]int64, 2*goroutines*each)
	for i := range want {
		want[i] = int64(i) + 1
	}
	return holds(s, want...)
}
