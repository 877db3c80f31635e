package ledger_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/ledger"
)

// A forger is a Store whose rows the test can change at will.
type forger struct {
	ledger.Memory
	rows []ledger.Row
	keys map[string][]byte
}

func forge(t *testing.T, l *ledger.Memory) *forger {
	rows, err := l.Rows(context.Background(), 0, 1000)
	require.NoError(t, err)
	var names []string
	for _, r := range rows {
		names = append(names, r.Keys()...)
	}
	keys, err := l.Keys(context.Background(), names)
	require.NoError(t, err)
	return &forger{rows: rows, keys: keys}
}

func (f *forger) Rows(_ context.Context, after int64, limit int) ([]ledger.Row, error) {
	var rows []ledger.Row
	for _, r := range f.rows {
		if r.Sequence > after && len(rows) < limit {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (f *forger) Keys(context.Context, []string) (map[string][]byte, error) { return f.keys, nil }

// eight appends eight records, erases a person, and exports heads in between.
func eight(t *testing.T) (b book, heads []ledger.Head) {
	b = newBook(t)
	b.add(byDevice("phone", accepts))
	b.add(byAccount("phone", "ann", partly))
	head(t, b, &heads)
	b.add(byDevice("laptop", rejects))
	b.add(byAccount("laptop", "bob", accepts))
	b.add(byDevice("tablet", partly))
	b.add(byDevice("phone", rejects))
	_, err := b.Erase(context.Background(), ledger.Person{Account: "bob"})
	require.NoError(t, err)
	b.add(byDevice("tablet", accepts))
	head(t, b, &heads)
	return b, heads
}

func head(t *testing.T, b book, heads *[]ledger.Head) {
	h, err := b.Head(context.Background())
	require.NoError(t, err)
	*heads = append(*heads, h)
}

func TestVerifyFindsTampering(t *testing.T) {
	b, heads := eight(t)
	ctx := context.Background()
	report, err := b.Verify(ctx, heads...)
	require.NoError(t, err)
	require.Equal(t, ledger.Report{Records: 8, Erased: 1, Head: heads[1], Anchored: 8}, report)

	// A ledger that somebody rewrote from the start, with correct hashes.
	anew := newBook(t)
	for range 8 {
		anew.add(byDevice("phone", accepts))
	}
	for name, c := range map[string]struct {
		tamper  func(f *forger)
		message string
		byHead  bool // found only with an exported head
	}{
		"an answer is changed":          {func(f *forger) { f.rows[2].Personal = f.rows[0].Personal }, "record 3: its seal does not match", false},
		"an id is changed":              {func(f *forger) { f.rows[0].Device = "laptop" }, "record 1: its seal does not match", false},
		"an id is taken out":            {func(f *forger) { f.rows[1].Account = "" }, "record 2: its seal does not match", false},
		"a time is changed":             {func(f *forger) { f.rows[4].Recorded -= 1e6 }, "record 5: its hash does not match", false},
		"a kind is changed":             {func(f *forger) { f.rows[4].Kind = "import" }, "record 5: its hash does not match", false},
		"a scope is changed":            {func(f *forger) { f.rows[5].Scope = "account" }, "record 6: its hash does not match", false},
		"what was shown is changed":     {func(f *forger) { f.rows[0].Open = []byte(`{"notice":"another"}`) }, "record 1: its hash does not match", false},
		"a record is taken out":         {func(f *forger) { f.rows = slices.Delete(f.rows, 4, 5) }, "record 6 does not follow record 4", false},
		"taken out and renumbered":      {func(f *forger) { f.rows = renumber(slices.Delete(f.rows, 4, 5)) }, "record 5: its hash does not match", false},
		"a record is put in":            {func(f *forger) { f.rows = renumber(slices.Insert(f.rows, 4, f.rows[0])) }, "record 5: its hash does not match", false},
		"two records change places":     {func(f *forger) { f.rows[0], f.rows[2] = f.rows[2], f.rows[0]; renumber(f.rows) }, "record 1: its hash does not match", false},
		"a person is erased in silence": {func(f *forger) { r := &f.rows[2]; r.Device, r.Personal = "", nil }, "record 3 was erased without a record", false},
		"an answer alone is erased":     {func(f *forger) { f.rows[2].Personal = nil }, "record 3: it names a person and holds no answer", false},
		"who was erased is put back": {func(f *forger) {
			r := &f.rows[3]
			r.Device, r.Account, r.Personal = "laptop", "bob", f.rows[0].Personal
		}, "record 4: its seal does not match", false},
		"a key is exchanged":                  {func(f *forger) { f.keys["device:tablet"] = f.keys["device:phone"] }, "record 5: its seal does not match, or a key is missing", false},
		"a key is deleted":                    {func(f *forger) { delete(f.keys, "device:tablet") }, "record 5: its seal does not match, or a key is missing", false},
		"the first records are cut off":       {func(f *forger) { f.rows = f.rows[2:] }, "record 3 does not follow record 0", false},
		"cut off and renumbered":              {func(f *forger) { f.rows = renumber(f.rows[2:]) }, "record 1: its hash does not match", false},
		"the last records are cut off":        {func(f *forger) { f.rows = f.rows[:7] }, "record 8 of an exported head is missing", true},
		"all of it is cut off":                {func(f *forger) { f.rows = nil }, "of an exported head is missing", true},
		"the chain is written anew":           {func(f *forger) { *f = *forge(t, anew.store) }, "record 2: its exported head does not match", true},
		"a hash is changed with what follows": {func(f *forger) { f.rows[7].Hash = f.rows[6].Hash }, "record 8: its hash does not match", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := forge(t, b.store)
			c.tamper(f)
			l, err := ledger.New(f, ledger.Options{Retention: year})
			require.NoError(t, err)
			_, err = l.Verify(ctx, heads...)
			require.ErrorIs(t, err, ledger.ErrTampered)
			require.ErrorContains(t, err, c.message)
			report, err := l.Verify(ctx)
			if !c.byHead {
				require.ErrorIs(t, err, ledger.ErrTampered)
				return
			}
			require.NoError(t, err, "without a head nobody can tell")
			require.Contains(t, report.String(), "cannot be detected")
		})
	}
}

func renumber(rows []ledger.Row) []ledger.Row {
	for i := range rows {
		rows[i].Sequence = int64(i) + 1
	}
	return rows
}

func TestReportSaysHowFarItIsAnchored(t *testing.T) {
	b, heads := eight(t)
	report, err := b.Verify(context.Background(), heads[0])
	require.NoError(t, err)
	require.Contains(t, report.String(), "up to record 2")
	report, err = b.Verify(context.Background(), heads...)
	require.NoError(t, err)
	require.Equal(t, "8 records, 1 of them erased; the chain verifies. All of it matches the exported heads.", report.String())
	report, err = newBook(t).Verify(context.Background(), ledger.Head{})
	require.NoError(t, err)
	require.Zero(t, report.Records)
}
