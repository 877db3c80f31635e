package ledger

import (
	"context"
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
	if userID == "" {
		own, found, err := a.ledger.own(ctx, anonymousID)
		switch {
		case err != nil:
			return consent.State{}, time.Time{}, err
		case !found:
			return consent.NewState(nil), time.Time{}, nil
		}
		return own.standing(a.ledger.now()), own.Given, nil
	}
	waiting := a.writer.waitingFor(userID)
	s, err := a.ledger.standing(ctx, userID)
	if err != nil {
		return consent.State{}, time.Time{}, err
	}
	own, found, err := a.ledger.own(ctx, anonymousID)
	if err != nil {
		return consent.State{}, time.Time{}, err
	}
	if found && own.Sequence > s.answer.Sequence {
		own.State = own.standing(a.ledger.now())
		waiting = append(waiting, own)
	}
	if !s.answered(a.ledger.now()) {
		state, given := a.unanswered(s, waiting)
		return state, given, nil
	}
	given := s.answer.Given
	for _, r := range waiting {
		if r.Given.After(given) {
			given = r.Given
		}
	}
	return a.restrict(ruling(WhyWorker, s.answer.Sequence, s.state()), waiting).State, given, nil
}

// unanswered returns what is denied where an account has no answer, and when a whole answer
// was taken back, if one was.
func (a *Accounts) unanswered(s standing, newer []Record) (denied consent.State, takenBack time.Time) {
	denied = s.denials(a.ledger.now())
	for _, r := range append([]Record{s.answer}, newer...) {
		if r.Kind == Withdrawal && r.State == consent.NewState(nil) && r.Given.After(takenBack) {
			takenBack = r.Given
		}
	}
	for _, r := range newer {
		denied = denied.Restrict(r.State.Denials())
	}
	return denied, takenBack
}

// For returns a client for a worker that acts for an account: it is bound to the present
// answer of the account, and suppresses messages about anybody else. If the answer cannot be
// read it allows nothing, and OnError is told.
func (a *Accounts) For(ctx context.Context, userID string) *consent.Client {
	waiting := a.writer.waitingFor(userID) // before the Store is asked
	ruling, err := a.ledger.Worker(ctx, userID)
	if err != nil {
		a.writer.tell(err)
	}
	return a.options.Client.With(a.restrict(ruling, waiting).State).About(userID)
}
