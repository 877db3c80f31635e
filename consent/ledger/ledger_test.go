package ledger_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
)

func TestNewNeedsAStoreAndARetention(t *testing.T) {
	for _, c := range []struct {
		store   ledger.Store
		options ledger.Options
	}{{nil, ledger.Options{Retention: year}}, {new(ledger.Memory), ledger.Options{}}, {new(ledger.Memory), ledger.Options{Retention: -1}}} {
		_, err := ledger.New(c.store, c.options)
		require.ErrorIs(t, err, ledger.ErrConfig)
	}
}

func TestRecordsComeBackWhole(t *testing.T) {
	b := newBook(t)
	given := b.now.Add(-time.Hour).Add(1234 * time.Microsecond)
	want := ledger.Record{
		Kind: ledger.Answer, Device: "phone", Account: "ann", State: partly.WithDestinations(map[string]bool{"Hotjar": false}),
		Scope: ledger.AccountScope, Source: "preferences", Method: "form",
		Notice: ledger.Notice{ID: "banner", Version: "7", Shown: [32]byte{1, 2, 3}}, Policy: "f00",
		Language: "en", Region: "GB", RegionSource: "header", TC: "CP", GPP: "DB",
		Given: given, ValidUntil: b.now.Add(year),
	}
	b.add(want)
	want.Sequence, want.Recorded = 1, b.now
	require.Equal(t, []ledger.Record{want}, b.history(ledger.Person{Account: "ann"}))

	b.add(ledger.Record{Kind: ledger.Import, Account: "bob", State: partly})
	require.Equal(t, []ledger.Record{{
		Sequence: 2, Kind: ledger.Import, Account: "bob", State: partly, Scope: ledger.DeviceScope, Given: b.now, Recorded: b.now,
	}}, b.history(ledger.Person{Account: "bob"}))
}

func TestInvalidRecords(t *testing.T) {
	good := byAccount("phone", "ann", partly)
	for name, spoil := range map[string]func(*ledger.Record){
		"no kind":               func(r *ledger.Record) { r.Kind = "" },
		"the ledger's own kind": func(r *ledger.Record) { r.Kind = ledger.Erasure },
		"the other":             func(r *ledger.Record) { r.Kind = ledger.Expiry },
		"nobody":                func(r *ledger.Record) { r.Device, r.Account, r.Scope = "", "", "" },
		"half a link":           func(r *ledger.Record) { r.Kind, r.Device = ledger.Link, "" },
		"no account":            func(r *ledger.Record) { r.Account = "" },
		"another scope":         func(r *ledger.Record) { r.Scope = "household" },
		"presumed grants":       func(r *ledger.Record) { r.State = partly.Presume() },
		"grants of everything":  func(r *ledger.Record) { r.State = consent.All(consent.Granted) },
		"a signal that grants":  func(r *ledger.Record) { r.Kind = ledger.Signal },
		"a long id":             func(r *ledger.Record) { r.Device = strings.Repeat("d", 1025) },
		"a long string":         func(r *ledger.Record) { r.TC = strings.Repeat("C", 16<<10+1) },
		"no UTF-8":              func(r *ledger.Record) { r.Region = "\xff" },
		"a large State": func(r *ledger.Record) {
			r.State = consent.NewState(map[string]bool{strings.Repeat("c", 20<<10): true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			r := good
			spoil(&r)
			_, err := b.Append(context.Background(), good, r)
			require.ErrorIs(t, err, ledger.ErrRecord)
			for _, personal := range []string{"ann", "phone", "ddd", "ccc", "CCC"} {
				require.NotContains(t, err.Error(), personal)
			}
			require.Empty(t, b.history(ledger.Person{Device: "phone", Account: "ann"}), "all or none")
		})
	}
}

func TestHistoryOfDeviceAndAccount(t *testing.T) {
	b := newBook(t)
	b.add(byDevice("phone", accepts), byAccount("laptop", "ann", rejects), byDevice("tablet", accepts), byAccount("phone", "ann", partly))
	var numbers []int64
	for _, r := range b.history(ledger.Person{Device: "phone", Account: "ann"}) {
		numbers = append(numbers, r.Sequence)
	}
	require.Equal(t, []int64{1, 2, 4}, numbers)
	require.Empty(t, b.history(ledger.Person{}))
}

func TestConcurrentAppendsAndErasures(t *testing.T) {
	b := newBook(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if _, err := b.Append(context.Background(), byDevice("phone", accepts), byAccount("phone", "ann", rejects)); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				if _, err := b.Erase(context.Background(), ledger.Person{Account: "ann"}); err != nil {
					t.Error(err)
				}
				if _, err := b.Verify(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	report, err := b.Verify(context.Background())
	require.NoError(t, err)
	require.GreaterOrEqual(t, report.Records, int64(400))
}
