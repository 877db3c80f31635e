package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
)

// For each person, cookie and list of records: whose answer counts in a request, and whose for
// workers.
func TestWhoseAnswerCounts(t *testing.T) {
	signal := ledger.Record{Kind: ledger.Signal, Device: "phone", Account: "ann", State: signals}
	ends := func(r ledger.Record, after time.Duration) ledger.Record {
		r.ValidUntil = newClock().now.Add(after)
		return r
	}
	for name, c := range map[string]struct {
		records   []ledger.Record
		device    consent.State // what the cookie of the phone holds
		signedOut bool
		erase     bool
		want      consent.State
		why       ledger.Why
		worker    consent.State
	}{
		"nobody has answered":                          {device: silence, want: silence, why: ledger.WhyNoAccount, worker: closed},
		"the device alone has answered":                {device: accepts, records: []ledger.Record{byDevice("phone", accepts)}, want: accepts, why: ledger.WhyNoAccount, worker: closed},
		"the account answered on another device":       {device: silence, records: []ledger.Record{byAccount("laptop", "ann", accepts)}, want: accepts, why: ledger.WhyAccount, worker: accepts},
		"the account withdrew there, after the device": {device: accepts, records: []ledger.Record{byDevice("phone", accepts), byAccount("laptop", "ann", rejects)}, want: rejects, why: ledger.WhyAccount, worker: rejects},
		"the account granted there, after the device":  {device: rejects, records: []ledger.Record{byDevice("phone", rejects), byAccount("laptop", "ann", accepts)}, want: accepts, why: ledger.WhyAccount, worker: accepts},
		"the device answered after the account":        {device: partly, records: []ledger.Record{byAccount("laptop", "ann", accepts), byDevice("phone", partly)}, want: partly, why: ledger.WhyBoth, worker: accepts},
		"the device granted after the account denied":  {device: accepts, records: []ledger.Record{byAccount("laptop", "ann", rejects), byDevice("phone", accepts)}, want: rejects, why: ledger.WhyBoth, worker: rejects},
		"the cookie holds what the ledger never saw":   {device: rejects, records: []ledger.Record{byDevice("phone", accepts), byAccount("laptop", "ann", accepts)}, want: rejects, why: ledger.WhyBoth, worker: accepts},
		"a device that the ledger does not know":       {device: rejects, records: []ledger.Record{byAccount("laptop", "ann", accepts)}, want: rejects, why: ledger.WhyBoth, worker: accepts},
		"answered for the account on this device":      {device: partly, records: []ledger.Record{byAccount("phone", "ann", partly)}, want: partly, why: ledger.WhyAccount, worker: partly},
		"somebody else answered on this device":        {device: rejects, records: []ledger.Record{byAccount("phone", "bob", rejects), byAccount("laptop", "ann", accepts)}, want: accepts, why: ledger.WhyAccount, worker: accepts},
		"restored by a sign-out, then signed in again": {device: rejects, records: []ledger.Record{byDevice("phone", rejects), byAccount("phone", "ann", accepts)}, want: accepts, why: ledger.WhyAccount, worker: accepts},
		"the cookie is of another account":             {device: accepts, records: []ledger.Record{byDevice("phone", rejects), byAccount("phone", "bob", accepts)}, want: rejects, why: ledger.WhyNoAccount, worker: closed},
		"of another account, without an answer before": {device: partly, records: []ledger.Record{byAccount("phone", "bob", partly)}, want: signals, why: ledger.WhyNoAccount, worker: closed},
		"an answer of this device alone, while signed in": {device: rejects, want: rejects, why: ledger.WhyBoth, worker: accepts, records: []ledger.Record{
			byAccount("laptop", "ann", accepts), {Kind: ledger.Answer, Device: "phone", Account: "ann", State: rejects}}},
		"a signal after the account's answer":         {device: silence, records: []ledger.Record{byAccount("laptop", "ann", accepts), signal}, want: partly, why: ledger.WhyAccount, worker: partly},
		"a signal before the account's answer":        {device: silence, records: []ledger.Record{signal, byAccount("laptop", "ann", accepts)}, want: accepts, why: ledger.WhyAccount, worker: accepts},
		"a signal and no answer of the account":       {device: accepts, records: []ledger.Record{signal}, want: partly, why: ledger.WhyNoAccount, worker: closed},
		"an import":                                   {device: silence, records: []ledger.Record{{Kind: ledger.Import, Account: "ann", State: partly}}, want: partly, why: ledger.WhyAccount, worker: partly},
		"an import beside the device's answer":        {device: accepts, records: []ledger.Record{byDevice("phone", accepts), {Kind: ledger.Import, Account: "ann", State: rejects}}, want: rejects, why: ledger.WhyBoth, worker: rejects},
		"an import after the account's answer":        {device: silence, records: []ledger.Record{byAccount("laptop", "ann", rejects), {Kind: ledger.Import, Account: "ann", State: accepts}}, want: rejects, why: ledger.WhyAccount, worker: rejects},
		"the account's grants have ended":             {device: silence, records: []ledger.Record{ends(byAccount("laptop", "ann", partly), 0)}, want: signals, why: ledger.WhyNoAccount, worker: closed},
		"the account's grants have not ended":         {device: silence, records: []ledger.Record{ends(byAccount("laptop", "ann", partly), year)}, want: partly, why: ledger.WhyAccount, worker: partly},
		"ended, and the device grants":                {device: accepts, records: []ledger.Record{ends(byAccount("laptop", "ann", partly), 0)}, want: partly, why: ledger.WhyNoAccount, worker: closed},
		"the account took its answer back":            {device: silence, records: []ledger.Record{byAccount("laptop", "ann", accepts), {Kind: ledger.Withdrawal, Account: "ann", Scope: ledger.AccountScope, State: silence}}, want: silence, why: ledger.WhyNoAccount, worker: closed},
		"took back, and a signal from before":         {device: silence, records: []ledger.Record{signal, {Kind: ledger.Withdrawal, Account: "ann", Scope: ledger.AccountScope, State: silence}}, want: signals, why: ledger.WhyNoAccount, worker: closed},
		"the account is erased":                       {device: accepts, erase: true, records: []ledger.Record{byAccount("laptop", "ann", rejects)}, want: accepts, why: ledger.WhyNoAccount, worker: closed},
		"the account denies all, by no name":          {device: silence, records: []ledger.Record{byAccount("laptop", "ann", closed)}, want: closed, why: ledger.WhyAccount, worker: closed},
		"the cookie could not be read":                {device: closed, records: []ledger.Record{byAccount("laptop", "ann", accepts)}, want: closed, why: ledger.WhyBoth, worker: accepts},
		"signed out, never signed in":                 {device: partly, signedOut: true, records: []ledger.Record{byDevice("phone", partly)}, want: partly, why: ledger.WhyNobody, worker: closed},
		"signed out, the account answered elsewhere":  {device: accepts, signedOut: true, records: []ledger.Record{byDevice("phone", accepts), byAccount("laptop", "ann", rejects)}, want: accepts, why: ledger.WhyNobody, worker: rejects},
		"signed out, the account answered here":       {device: accepts, signedOut: true, records: []ledger.Record{byDevice("phone", rejects), byAccount("phone", "ann", accepts)}, want: rejects, why: ledger.WhyRestored, worker: accepts},
		"signed out, only the account answered here":  {device: partly, signedOut: true, records: []ledger.Record{byAccount("phone", "ann", partly)}, want: signals, why: ledger.WhyLeft, worker: partly},
		"signed out, and the cookie is of another":    {device: partly, signedOut: true, records: []ledger.Record{byAccount("phone", "ann", accepts)}, want: partly, why: ledger.WhyNobody, worker: accepts},
		"signed out, without an answer in the cookie": {device: silence, signedOut: true, records: []ledger.Record{byAccount("phone", "ann", accepts)}, want: silence, why: ledger.WhyNobody, worker: accepts},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			for _, r := range c.records {
				b.add(r)
			}
			if c.erase {
				_, err := b.Erase(context.Background(), ledger.Person{Account: "ann"})
				require.NoError(t, err)
			}
			person := ledger.Person{Device: "phone", Account: "ann"}
			if c.signedOut {
				person.Account = ""
			}
			got, err := b.Whose(context.Background(), policy, c.device, person)
			require.NoError(t, err)
			require.Equal(t, c.why, got.Why)
			require.Equal(t, allowed(policy, c.want), allowed(policy, got.State))
			if c.why != ledger.WhyBoth {
				require.Equal(t, c.want.String(), got.State.String())
			}
			worker, err := b.Worker(context.Background(), "ann")
			require.NoError(t, err)
			require.Equal(t, c.worker.String(), worker.State.String())
		})
	}
}

// allowed returns the destinations that a policy allows.
func allowed(p consent.Policy, s consent.State) []string {
	names := []string{}
	for v := range p.Decide(s).Verdicts() {
		if v.Allowed {
			names = append(names, v.Destination)
		}
	}
	return names
}

// Whatever was recorded, what the newest answer of the account and every later one of the device
// deny stays denied, in a request and for workers, and under an opt-out policy too.
func TestNoRecordAllowsWhatIsDenied(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 1))
	some := func() consent.State {
		s := make(map[string]bool)
		for _, category := range []string{"analytics", "advertising"} {
			if n := random.IntN(3); n > 0 {
				s[category] = n == 1
			}
		}
		return consent.NewState(s)
	}
	for range 3000 {
		b := newBook(t)
		device, account, signal := silence, silence, silence
		for range random.IntN(6) {
			s := some()
			switch random.IntN(5) {
			case 0:
				b.add(byDevice("phone", s))
				device = s
			case 1:
				b.add(byAccount("phone", "ann", s))
				device, account = s, s
				if s != silence {
					signal = silence
				}
			case 2:
				b.add(byAccount("laptop", "ann", s))
				account = s
				if s != silence {
					signal = silence
				}
			case 3:
				b.add(ledger.Record{Kind: ledger.Signal, Device: "laptop", Account: "ann", State: s.Denials()})
				signal = s.Denials()
			case 4:
				device = s // by a script that tells nobody
			}
		}
		for _, p := range []consent.Policy{policy, optOut} {
			got, err := b.Whose(context.Background(), p, device, ledger.Person{Device: "phone", Account: "ann"})
			require.NoError(t, err)
			worker, err := b.Worker(context.Background(), "ann")
			require.NoError(t, err)
			for _, denied := range []consent.State{account.Denials(), signal} {
				under := p.Decide(denied)
				for _, destination := range allowed(p, got.State) {
					requireOpen(t, under, destination, p == optOut)
				}
				for _, destination := range allowed(p, worker.State) {
					requireOpen(t, under, destination, p == optOut)
				}
			}
		}
	}
}

func requireOpen(t *testing.T, under consent.Decision, destination string, optOut bool) {
	t.Helper()
	if optOut { // under opt-in, denials alone allow nothing
		require.True(t, under.Allows(destination), "%s is denied by an answer that counts", destination)
		return
	}
	for v := range under.Verdicts() {
		if v.Destination == destination {
			require.NotEqual(t, consent.ReasonCategoryDenied, v.Reason, "%s", destination)
		}
	}
}

type brokenStore struct{ ledger.Memory }

var errBroken = errors.New("the disk is on fire")

func (*brokenStore) Find(context.Context, ledger.Query, int) ([]ledger.Row, error) {
	return nil, errBroken
}

func TestStoreDownAllowsNothing(t *testing.T) {
	l, err := ledger.New(new(brokenStore), ledger.Options{Retention: year})
	require.NoError(t, err)
	for _, p := range []ledger.Person{{Device: "phone", Account: "ann"}, {Device: "phone"}} {
		got, err := l.Whose(context.Background(), optOut, accepts, p)
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, closed, got.State)
	}
	got, err := l.Worker(context.Background(), "ann")
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, closed, got.State)
}

func Example() {
	book, err := ledger.New(new(ledger.Memory), ledger.Options{Retention: 3 * 365 * 24 * time.Hour})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	yes := consent.NewState(map[string]bool{"analytics": true})
	no := consent.NewState(map[string]bool{"analytics": false})
	_, err = book.Append(ctx,
		ledger.Record{Kind: ledger.Answer, Device: "phone", State: yes, Source: "preferences", Method: "form"},
		ledger.Record{Kind: ledger.Withdrawal, Device: "laptop", Account: "ann", Scope: ledger.AccountScope, State: no},
	)
	if err != nil {
		panic(err)
	}

	// Ann signs in on the phone, whose cookie still says yes.
	ruling, err := book.Whose(ctx, policy, yes, ledger.Person{Device: "phone", Account: "ann"})
	fmt.Println(ruling.Why, err)
	fmt.Println(policy.Decide(ruling.State).Allows("Amplitude"))

	report, err := book.Verify(ctx)
	fmt.Println(report, err)
	// Output:
	// the newest answer is that of the account <nil>
	// false
	// 2 records, 0 of them erased; the chain verifies. No exported head was compared: without one, a truncated or rewritten chain cannot be detected. <nil>
}
