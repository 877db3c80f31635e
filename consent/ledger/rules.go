package ledger

import (
	"context"
	"slices"
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
	return l.whose(ctx, policy, device, p, nil)
}

// whose is Whose, given what the device has answered and is not written yet.
func (l *Ledger) whose(ctx context.Context, policy consent.Policy, device consent.State, p Person, waiting []Record) (Ruling, error) {
	held, why, err := l.held(ctx, device, p, waiting)
	if err != nil {
		return Ruling{}, err
	}
	now := l.now()
	if p.Account == "" {
		return ruling(why, 0, held.standing(now)), nil
	}
	s, err := l.standing(ctx, p.Account)
	if err != nil {
		return Ruling{}, err
	}
	r := s.signedIn(policy, held, now)
	r.Signals = s.signalled()
	return r, nil
}

// signedIn returns whose answer counts on a device with the answer held.
func (s standing) signedIn(policy consent.Policy, held Record, now time.Time) Ruling {
	device := held.standing(now)
	own := device.Restrict(s.denials(now))
	switch {
	case !s.answered(now):
		return ruling(WhyNoAccount, 0, own)
	case device == consent.NewState(nil) || s.supersedes(held):
		return ruling(WhyAccount, s.answer.Sequence, s.state())
	}
	return Ruling{
		State:   consent.Both(policy, own, s.state()),
		Answers: []consent.State{own, s.state()},
		Why:     WhyBoth, Record: s.answer.Sequence,
	}
}

// held returns the answer of a device that counts for a person: the record of what the
// cookie holds or, if that is an account's that is not signed in now, of what the device
// itself answered before. What the ledger has not seen has no number.
func (l *Ledger) held(ctx context.Context, device consent.State, p Person, waiting []Record) (Record, Why, error) {
	unseen := Record{State: device}
	if p.Device == "" || device == consent.NewState(nil) {
		return unseen, WhyNobody, nil
	}
	last, found, err := l.last(ctx, p.Device, waiting)
	if err != nil || !found {
		return unseen, WhyNobody, err
	}
	left := last.Scope == AccountScope && last.Account != p.Account && device.Answered()
	if last.State == device && !left {
		return last, WhyNobody, nil
	}
	own, found, err := l.own(ctx, p.Device, waiting)
	switch {
	case err != nil:
		return Record{}, "", err
	case last.State == device && (!found || own.standing(l.now()) == consent.NewState(nil)):
		return Record{Sequence: last.Sequence, State: device.Denials()}, WhyLeft, nil
	case last.State == device:
		return own, WhyRestored, nil
	case found && own.State == device: // it was written back at a sign-out
		return own, WhyNobody, nil
	default:
		return unseen, WhyNobody, nil
	}
}

// last returns the newest record of an answer on a device, whomever it is for.
func (l *Ledger) last(ctx context.Context, device string, waiting []Record) (Record, bool, error) {
	if len(waiting) > 0 {
		return waiting[len(waiting)-1], true, nil
	}
	return l.newest(ctx, Query{Device: device, Kinds: explicit})
}

// Own returns what a device itself answered, for its own scope, or NewState(nil). When a
// person signs out, write it to the cookie, so that scripts follow it too. If it fails, the
// State is All(Denied).
func (l *Ledger) Own(ctx context.Context, device string) (consent.State, error) {
	own, found, err := l.own(ctx, device, nil)
	switch {
	case err != nil:
		return consent.State{}, err
	case !found:
		return consent.NewState(nil), nil
	}
	return own.standing(l.now()), nil
}

// own returns the newest record of what a device itself answered.
func (l *Ledger) own(ctx context.Context, device string, waiting []Record) (Record, bool, error) {
	for _, r := range slices.Backward(waiting) {
		if r.Scope != AccountScope {
			return r, true, nil
		}
	}
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
	r.Signals = s.signalled()
	return r, nil
}

// ruling returns a Ruling for one answer.
func ruling(why Why, record int64, s consent.State) Ruling {
	return Ruling{State: s, Answers: []consent.State{s}, Signals: consent.NewState(nil), Why: why, Record: record}
}
