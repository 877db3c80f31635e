package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-consent/segment/consent/ledger"
)

func erases(newStore func() ledger.Store) string {
	s := newStore()
	if err := fill(s,
		storeRow("d1", "", "answer", 1), storeRow("d1", "u1", "answer", 1), storeRow("", "u1", "answer", 1), storeRow("d2", "u2", "answer", 1),
	); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	before, err := s.Rows(context.Background(), 0, 10)
	if err != nil {
		return fmt.Sprintf("Rows is an error: %v", err)
	}
	var told []int64
	var last int64
	note := ledger.Row{Recorded: 2, Kind: "erasure", Open: []byte(`{}`), Hash: []byte{9}}
	err = s.Erase(context.Background(), []int64{3, 2, 3, 77}, func(n int64, _ []byte, erased []int64) (ledger.Row, error) {
		told, last = slices.Clone(erased), n
		note.Sequence = n + 1
		return note, nil
	})
	if how := first(differs("what next is told of the rows", told, []int64{2, 3}, err), differs("the number that next is told", last, int64(4), nil)); how != "" {
		return how
	}
	for _, i := range []int{1, 2} {
		before[i].Device, before[i].Account, before[i].Personal = "", "", nil
	}
	after, err := s.Rows(context.Background(), 0, 10)
	if len(after) != 5 {
		return differs("the number of rows", len(after), 5, err)
	}
	for i, want := range append(before, note) {
		if how := sameRow(after[i], want); how != "" {
			return how
		}
	}
	one := slices.Repeat([]byte{1}, 32)
	found, err := s.Find(context.Background(), ledger.Query{Account: "u1"}, 10)
	return first(
		differs("what Find returns of who was erased", numbers(found), []int64{}, err),
		keysAre(s, map[string][]byte{"device:d1": one, "device:d2": one, "account:u2": one}, "device:d1", "account:u1", "device:d2", "account:u2"),
		lastIs(s, 5, []byte{9}),
	)
}

func eraseWithoutTrace(newStore func() ledger.Store) string {
	s := newStore()
	if err := fill(s, storeRow("d1", "u1", "answer", 1)); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	refused := errors.New("refused")
	err := s.Erase(context.Background(), []int64{1}, func(int64, []byte, []int64) (ledger.Row, error) { return ledger.Row{}, refused })
	if !errors.Is(err, refused) {
		return fmt.Sprintf("the error of Erase is %v, and not that of next", err)
	}
	found, err := s.Find(context.Background(), ledger.Query{Device: "d1", Account: "u1"}, 10)
	if how := differs("what Find returns", numbers(found), []int64{1}, err); how != "" {
		return how
	}
	called := false
	for _, none := range [][]int64{nil, {5}, {0, -1}} {
		err := s.Erase(context.Background(), none, func(int64, []byte, []int64) (ledger.Row, error) {
			called = true
			return ledger.Row{}, refused
		})
		if how := differs("Erase of rows that there are not", called, false, err); how != "" {
			return how
		}
	}
	return holds(s, 1)
}
