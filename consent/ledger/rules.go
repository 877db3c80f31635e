package ledger

import (
	"context"
	"time"

	"github.com/go-consent/segment/consent"
)

// A Ruling says whose answer counts, and why.
type Ruling struct {
	// State is what counts, for the policy of the ruling and no other.
	State consent.State

	// Answers are the States that State was made from: two if both must allow, else one.
	// Put these into a queue or a store, never State.
	Answers []consent.State

	// Why says which rule decided.
	Why Why

	// Signals are the denials that the browsers of the account have signalled since it
	// answered. State includes them.
	Signals consent.State

	// Record is the number of the answer that decided, 0 if none did.
	Record int64
}

// Why says which rule decided whose answer counts.
type Why string

// The rules, in the order in which they apply.
const (
	WhyNobody    Why = "nobody is signed in: the answer of the device"
	WhyRestored  Why = "nobody is signed in: what the device itself answered, not the account that used it"
	WhyLeft      Why = "nobody is signed in, and the device itself has not answered: the denials of the account that used it"
	WhyNoAccount Why = "the account has not answered: the answer of the device"
	WhyAccount   Why = "the newest answer is that of the account"
	WhyBoth      Why = "the device and the account have answered: both must allow"
	WhyWorker    Why = "nobody is there to ask: the answer of the account"
	WhyNone      Why = "nobody is there to ask, and the account has not answered"
)

// Whose returns whose answer counts for a request: device is the State of its cookies, p
// names the device and the signed-in account, "" if there is none.
//
//   - The newest explicit answer counts if it was given for the account while signed in,
//     and the device holds no newer answer and none that the ledger never saw.
//   - Otherwise what both the device and the account allow counts: see [consent.Both].
//   - Denials that the browser of a signed-in visitor has signalled, such as Global Privacy
//     Control, count for the account until it answers again.
//   - What another account has answered on the device, or any account while nobody is
//     signed in, is not the device's own answer: the one before it counts, or only the
//     denials.
//
// If it fails, the State is All(Denied).
//
// The French CNIL requires that choices for an account are made while signed in and
// announced as such, can be withdrawn as widely, and do not alter what the device holds
// once signed out (deliberation 2025-131). No text says which of two answers prevails;
// Segment takes the latest, Fides and Salesforce the strictest. In California the signal
// applies to a known consumer, and not only to the browser (11 CCR 7025(c)(1)).
func (l *Ledger) Whose(ctx context.Context, policy consent.Policy, device consent.State, p Person) (Ruling, error) {
	device, why, err := l.restored(ctx, device, p)
	if err != nil {
		return Ruling{}, err
	}
	if p.Account == "" {
		return ruling(why, 0, device), nil
	}
	s, err := l.standing(ctx, p.Account)
	if err != nil {
		return Ruling{}, err
	}
	r, err := l.signedIn(ctx, policy, device, p, s)
	r.Signals = s.signals()
	return r, err
}

func (l *Ledger) signedIn(ctx context.Context, policy consent.Policy, device consent.State, p Person, s standing) (Ruling, error) {
	now := l.now()
	own := device.Restrict(s.denials(now))
	switch {
	case !s.answered(now):
		return ruling(WhyNoAccount, 0, own), nil
	case device == consent.NewState(nil):
		return ruling(WhyAccount, s.answer.Sequence, s.state()), nil
	}
	newest, err := l.superseded(ctx, device, p.Device, s)
	if err != nil {
		return Ruling{}, err
	}
	if newest {
		return ruling(WhyAccount, s.answer.Sequence, s.state()), nil
	}
	return Ruling{
		State:   consent.Both(policy, own, s.state()),
		Answers: []consent.State{own, s.state()},
		Why:     WhyBoth, Record: s.answer.Sequence,
	}, nil
}

// superseded reports whether the device holds an answer that the ledger has seen, and the
// account answered after or together with it. After a sign-out a device holds its own
// earlier answer again.
func (l *Ledger) superseded(ctx context.Context, state consent.State, device string, s standing) (bool, error) {
	if device == "" || s.answer.Kind == Import {
		return false, nil
	}
	for _, q := range [...]Query{
		{Device: device, Kinds: explicit},
		{Device: device, Kinds: explicit, Scope: string(DeviceScope)},
	} {
		held, found, err := l.newest(ctx, q)
		if err != nil {
			return false, err
		}
		if found && held.State == state && held.Sequence <= s.answer.Sequence {
			return true, nil
		}
	}
	return false, nil
}

// restored returns what a device itself answered if its cookie holds the answer of an
// account, other than the one that is signed in now, and else what the cookie holds.
func (l *Ledger) restored(ctx context.Context, device consent.State, p Person) (consent.State, Why, error) {
	if p.Device == "" || !device.Answered() {
		return device, WhyNobody, nil
	}
	last, found, err := l.newest(ctx, Query{Device: p.Device, Kinds: explicit})
	if err != nil {
		return consent.State{}, "", err
	}
	if !found || last.Scope != AccountScope || last.Account == p.Account || last.State != device {
		return device, WhyNobody, nil
	}
	own, err := l.Own(ctx, p.Device)
	if err != nil {
		return consent.State{}, "", err
	}
	if own == consent.NewState(nil) {
		return device.Denials(), WhyLeft, nil
	}
	return own, WhyRestored, nil
}

// Own returns what a device itself answered, for its own scope, or NewState(nil). When a
// person signs out, write it to the cookie, so that scripts follow it too. If it fails, the
// State is All(Denied).
func (l *Ledger) Own(ctx context.Context, device string) (consent.State, error) {
	own, found, err := l.own(ctx, device)
	switch {
	case err != nil:
		return consent.State{}, err
	case !found:
		return consent.NewState(nil), nil
	}
	return own.standing(l.now()), nil
}

// own returns the newest record of what a device itself answered.
func (l *Ledger) own(ctx context.Context, device string) (Record, bool, error) {
	if device == "" {
		return Record{}, false, nil
	}
	return l.newest(ctx, Query{Device: device, Kinds: explicit, Scope: string(DeviceScope)})
}

// Worker returns what counts for an account without a request: its newest explicit answer,
// with the denials that its browsers have signalled since. An import counts while the
// account has not answered. Without an answer, once its grants have ended, and with an
// error the State is All(Denied).
func (l *Ledger) Worker(ctx context.Context, account string) (Ruling, error) {
	if account == "" {
		return Ruling{Signals: consent.NewState(nil), Why: WhyNone}, nil
	}
	s, err := l.standing(ctx, account)
	if err != nil {
		return Ruling{}, err
	}
	if !s.answered(l.now()) {
		return Ruling{Signals: consent.NewState(nil), Why: WhyNone}, nil
	}
	r := ruling(WhyWorker, s.answer.Sequence, s.state())
	r.Signals = s.signals()
	return r, nil
}

// ruling returns a Ruling for one answer.
func ruling(why Why, record int64, s consent.State) Ruling {
	return Ruling{State: s, Answers: []consent.State{s}, Signals: consent.NewState(nil), Why: why, Record: record}
}

// A standing is what still counts for an account in the ledger.
type standing struct {
	answer Record // the newest explicit answer, or else the newest import; zero: none
	signal Record // the newest since
}

func (l *Ledger) standing(ctx context.Context, account string) (standing, error) {
	var s standing
	answer, found, err := l.newest(ctx, Query{Account: account, Kinds: explicit, Scope: string(AccountScope)})
	if err == nil && !found {
		answer, _, err = l.newest(ctx, Query{Account: account, Kinds: []string{string(Import)}})
	}
	if err != nil {
		return s, err
	}
	s.answer = answer
	signals := Query{Account: account, Kinds: []string{string(Signal)}}
	if answer.Kind != Import && answer.holds() {
		signals.After = answer.Sequence
	}
	s.signal, _, err = l.newest(ctx, signals)
	return s, err
}

// answered reports whether the account has an answer whose grants count.
func (s standing) answered(now time.Time) bool {
	return s.answer.holds() && !s.answer.expired(now)
}

// denials returns the denials of an account that count whatever its device says.
func (s standing) denials(now time.Time) consent.State {
	denied := s.signals()
	if s.answer.expired(now) {
		denied = denied.Restrict(s.answer.State.Denials())
	}
	return denied
}

// state returns the answer of the account with the denials of the signals added.
func (s standing) state() consent.State { return s.answer.State.Restrict(s.signals()) }

func (s standing) signals() consent.State {
	if s.signal.Sequence == 0 {
		return consent.NewState(nil)
	}
	return s.signal.State
}
