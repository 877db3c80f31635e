package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics":   {"Amplitude", "Mixpanel (Actions)"},
	"advertising": {"Facebook Pixel"},
}})

var optOut = destinations.MustCompile(destinations.Config{OptOut: true, Categories: map[string][]string{
	"analytics":   {"Amplitude", "Mixpanel (Actions)"},
	"advertising": {"Facebook Pixel"},
}})

// A clock stands still until it is moved.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)} }

func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

const year = 365 * 24 * time.Hour

// A book is a Ledger on a Memory with a clock.
type book struct {
	*ledger.Ledger
	*clock
	store *ledger.Memory
	t     testing.TB
}

func newBook(t testing.TB) book {
	b := book{clock: newClock(), store: new(ledger.Memory), t: t}
	var err error
	b.Ledger, err = ledger.New(b.store, ledger.Options{Retention: 3 * year, Now: func() time.Time { return b.now }})
	require.NoError(t, err)
	return b
}

// add appends records a minute after the previous ones, and returns the number of the last.
func (b book) add(records ...ledger.Record) int64 {
	b.t.Helper()
	b.advance(time.Minute)
	written, err := b.Append(context.Background(), records...)
	require.NoError(b.t, err)
	return written[len(written)-1].Sequence
}

func (b book) history(p ledger.Person) (all []ledger.Record) {
	b.t.Helper()
	for r, err := range b.History(context.Background(), p) {
		require.NoError(b.t, err)
		all = append(all, r)
	}
	return all
}

func answers(categories map[string]bool) consent.State { return consent.NewState(categories) }

var (
	accepts = answers(map[string]bool{"analytics": true, "advertising": true})
	rejects = answers(map[string]bool{"analytics": false, "advertising": false})
	partly  = answers(map[string]bool{"analytics": true, "advertising": false})
	silence = consent.NewState(nil)
	signals = answers(map[string]bool{"advertising": false})
	closed  = consent.All(consent.Denied)
)

func byDevice(device string, s consent.State) ledger.Record {
	return ledger.Record{Kind: ledger.Answer, Device: device, State: s}
}

func byAccount(device, account string, s consent.State) ledger.Record {
	return ledger.Record{Kind: ledger.Answer, Device: device, Account: account, Scope: ledger.AccountScope, State: s}
}
