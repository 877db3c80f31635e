package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/go-consent/segment/consent"
)

// Current returns what counts now for an account where no request is, or for a device if
// there is no account, and when that was answered: for the Worker of package queue. Without
// an answer, and once its grants have ended, the State is what was denied, or NewState(nil),
// and the time is zero. With an error the State is All(Denied).
func (a *Accounts) Current(ctx context.Context, userID, anonymousID string) (consent.State, time.Time, error) {
	s, waiting, err := a.present(ctx, userID, anonymousID)
	if err != nil {
		return consent.State{}, time.Time{}, err
	}
	if now := a.ledger.now(); !s.answered(now) {
		denied := s.denials(now)
		for _, r := range waiting {
			denied = denied.Restrict(r.State.Denials())
		}
		return denied, time.Time{}, nil
	}
	given := s.answer.Given
	for _, r := range waiting {
		if r.Given.After(given) {
			given = r.Given
		}
	}
	return a.restrict(ruling(WhyWorker, s.answer.Sequence, s.state()), waiting).State, given, nil
}

// present returns what is written and what waits to be: for an account or, if there is none,
// of what a device itself answered.
func (a *Accounts) present(ctx context.Context, userID, anonymousID string) (s standing, waiting []Record, err error) {
	if userID != "" {
		waiting = a.writer.ofAccount(userID) // before the Store is asked
		s, err = a.ledger.standing(ctx, userID)
		return s, waiting, err
	}
	waiting = slices.DeleteFunc(a.writer.ofDevice(anonymousID), func(r Record) bool { return r.Scope == AccountScope })
	s.answer, _, err = a.ledger.own(ctx, anonymousID, nil)
	return s, waiting, err
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
