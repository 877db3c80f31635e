package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

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

// Ids as people have them.
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

// sameRow compares rows; no bytes and nil are the same but in Personal, where nil is erased.
func sameRow(got, want ledger.Row) string {
	if (got.Personal == nil) != (want.Personal == nil) {
		return fmt.Sprintf("row %d: Personal is nil: %t", got.Sequence, got.Personal == nil)
	}
	if fmt.Sprintf("%q", fmt.Sprint(got)) != fmt.Sprintf("%q", fmt.Sprint(want)) {
		return fmt.Sprintf("row %d is %.300v, and was %.300v", want.Sequence, got, want)
	}
	return ""
}

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
