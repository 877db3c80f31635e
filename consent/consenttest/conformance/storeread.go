package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-consent/segment/consent/ledger"
)

func emptyIsEmpty(newStore func() ledger.Store) string {
	s := newStore()
	found, err := s.Find(context.Background(), ledger.Query{Account: "u1"}, 10)
	return first(
		lastIs(s, 0, nil),
		holds(s),
		differs("what Find returns", len(found), 0, err),
		keysAre(s, nil, "account:u1"),
	)
}

// Ids as they occur.
var ids = []string{"u1", "U1", " u1", "ü@例え.jp", `q"uo'te\`, "a\x00b", "%41", string(make([]byte, 1024))}

func rowsComeBack(newStore func() ledger.Store) string {
	s := newStore()
	var rows []ledger.Row
	for i, id := range ids {
		r := storeRow(id, "", "answer", int64(i)*1e15)
		r.Personal = slices.Repeat([]byte{byte(i), 0xff, 0}, 20000)
		rows = append(rows, r, storeRow("", id, "answer", 1))
	}
	rows = append(rows, ledger.Row{Recorded: 5, Kind: "erasure", Open: []byte(`{"erased":[[1,2]]}`), Hash: []byte{7}})
	if err := appendRows(s, keysFor(1, rows...), rows...); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	got, err := s.Rows(context.Background(), 0, 100)
	if len(got) != len(rows) {
		return differs("the number of rows", len(got), len(rows), err)
	}
	for i := range rows {
		rows[i].Sequence = int64(i) + 1
		if how := sameRow(got[i], rows[i]); how != "" {
			return how
		}
	}
	for i, id := range ids {
		found, err := s.Find(context.Background(), ledger.Query{Account: id}, 10)
		if how := differs(fmt.Sprintf("what Find returns for the account %q", id), numbers(found), []int64{int64(2*i) + 2}, err); how != "" {
			return how
		}
	}
	return lastIs(s, int64(len(rows)), []byte{7})
}

func rowsInOrder(newStore func() ledger.Store) string {
	s := newStore()
	for range 5 {
		if err := fill(s, storeRow("d1", "", "answer", 1)); err != nil {
			return fmt.Sprintf("Append is an error: %v", err)
		}
	}
	for _, c := range []struct {
		after int64
		limit int
		want  []int64
	}{{0, 2, []int64{1, 2}}, {2, 2, []int64{3, 4}}, {4, 2, []int64{5}}, {5, 2, []int64{}}, {-3, 1, []int64{1}}, {99, 9, []int64{}}} {
		rows, err := s.Rows(context.Background(), c.after, c.limit)
		if how := differs(fmt.Sprintf("Rows(%d, %d)", c.after, c.limit), numbers(rows), c.want, err); how != "" {
			return how
		}
	}
	return ""
}

func findsWhatMatches(newStore func() ledger.Store) string {
	s := newStore()
	var rows []ledger.Row
	for i := range 60 {
		r := storeRow(fmt.Sprint("d", i%3), "", []string{"answer", "withdrawal", "signal"}[i%5%3], int64(100+i/2))
		if i%2 == 0 {
			r.Account = fmt.Sprint("u", i%4)
			r.Scope = []string{"device", "account"}[i%3%2]
		}
		r.Sequence = int64(i) + 1
		rows = append(rows, r)
	}
	if err := fill(s, rows...); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	for _, q := range []ledger.Query{
		{}, {Device: "d1"}, {Account: "u2"}, {Device: "d1", Account: "u2"}, {Device: "D1"}, {Account: "d1"},
		{Account: "u2", Kinds: []string{"answer"}}, {Account: "u0", Kinds: []string{"answer", "withdrawal"}},
		{Account: "u0", Scope: "account"}, {Device: "d2", Scope: "device"}, {Scope: "account"},
		{Since: 110}, {Until: 110}, {Since: 110, Until: 112}, {Device: "d0", Since: 105, Until: 120},
		{After: 10}, {Before: 10}, {After: 10, Before: 13}, {Account: "u2", Kinds: []string{"signal"}, After: 5},
		{Account: "u2", Kinds: []string{"answer"}, Scope: "account", Since: 102, Until: 125, After: 4, Before: 55},
		{Kinds: []string{"none"}},
	} {
		for _, limit := range []int{1, 3, 100} {
			want := []int64{}
			for i := len(rows) - 1; i >= 0 && len(want) < limit; i-- {
				if q.Matches(rows[i]) {
					want = append(want, rows[i].Sequence)
				}
			}
			found, err := s.Find(context.Background(), q, limit)
			if how := differs(fmt.Sprintf("Find(%+v, %d)", q, limit), numbers(found), want, err); how != "" {
				return how
			}
		}
	}
	return ""
}

func rowsAreCopies(newStore func() ledger.Store) string {
	s := newStore()
	row := storeRow("d1", "", "answer", 1)
	keys := keysFor(1, row)
	if err := fill(s, row); err != nil {
		return fmt.Sprintf("Append is an error: %v", err)
	}
	row.Personal[0], row.Hash[0], row.Open[0] = '!', 0xee, '!'
	for range 2 {
		rows, err := s.Rows(context.Background(), 0, 1)
		if how := differs("the number of rows", len(rows), 1, err); how != "" {
			return how
		}
		if how := sameRow(rows[0], func() ledger.Row { r := storeRow("d1", "", "answer", 1); r.Sequence = 1; return r }()); how != "" {
			return how
		}
		rows[0].Personal[0], rows[0].Hash[0], rows[0].Open[0], rows[0].Seal[0] = '?', 0xff, '?', 0xff
	}
	if got, err := s.Keys(context.Background(), []string{"device:d1"}); err == nil && len(got) == 1 {
		got["device:d1"][0] = 0xff
	}
	return keysAre(s, keys, "device:d1")
}
