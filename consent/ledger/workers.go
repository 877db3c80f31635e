package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/go-consent/segment/consent"
)

// Current returns what counts now for an account where no request is, or for a device if
// there is no account, and when that was answered: for the Worker of package queue. What the
// device itself answered after the account did has to allow, too. Without an answer, and once
// its grants have ended, the State is what was denied, or NewState(nil), and the time is zero;
// of a whole answer that was taken back it is the time of that. With an error the State is
// All(Denied).
func (a *Accounts) Current(ctx context.Context, userID, anonymousID string) (consent.State, time.Time, error) {
	s, newer, err := a.present(ctx, userID, anonymousID)
	if err != nil {
		return consent.State{}, time.Time{}, err
	}
	if now := a.ledger.now(); !s.answered(now) {
		state, given := s.unanswered(newer, now)
		return state, given, nil
	}
	given := s.answer.Given
	for _, r := range newer {
		if r.Given.After(given) {
			given = r.Given
		}
	}
	return a.restrict(ruling(WhyWorker, s.answer.Sequence, s.state()), newer).State, given, nil
}

// present returns what is written for an account or, if there is none, for a device, and the
// newer records that count besides.
func (a *Accounts) present(ctx context.Context, userID, anonymousID string) (s standing, newer []Record, err error) {
	// What waits is read before the Store, which may get it meanwhile.
	account := a.writer.ofAccount(userID)
	device := slices.DeleteFunc(a.writer.ofDevice(anonymousID), func(r Record) bool { return r.Scope == AccountScope })
	if userID == "" {
		s.answer, _, err = a.ledger.own(ctx, anonymousID, nil)
		return s, device, err
	}
	if s, err = a.ledger.standing(ctx, userID); err != nil {
		return s, nil, err
	}
	own, found, err := a.ledger.own(ctx, anonymousID, device)
	if found && (own.Sequence == 0 || own.Sequence > s.answer.Sequence) {
		own.State = own.standing(a.ledger.now())
		account = append(account, own)
	}
	return s, account, err
}

// For returns a client for a worker that acts for an account: it is bound to the present
// answer of the account, and suppresses messages about anybody else. If the answer cannot be
// read it allows nothing, and OnError is told.
func (a *Accounts) For(ctx context.Context, userID string) *consent.Client {
	waiting := a.writer.ofAccount(userID) // before the Store is asked
	ruling, err := a.ledger.Worker(ctx, userID)
	if err != nil {
		a.writer.tell(err)
	}
	return a.options.Client.With(a.restrict(ruling, waiting).State).About(userID)
}
