package ledger

import (
	"context"
	"time"

	"github.com/go-consent/segment/consent"
)

// A standing is what still counts for an account in the ledger.
type standing struct {
	answer  Record   // the newest explicit answer, or else the newest import; zero: none
	signals []Record // since, the newest first
}

// maxSignals is how many signals of an account are read. Each contains the denials of those
// that were known when it was recorded; browsers that signal at the same moment do not know of
// each other.
const maxSignals = 64

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
	s.signals, err = l.newestOf(ctx, signals, maxSignals)
	return s, err
}

// answered reports whether the account has an answer whose grants count.
func (s standing) answered(now time.Time) bool {
	return s.answer.holds() && !s.answer.expired(now)
}

// supersedes reports whether the account answered after a device, or together with it.
func (s standing) supersedes(held Record) bool {
	return held.Sequence != 0 && held.Sequence <= s.answer.Sequence && s.answer.Kind != Import
}

// denials returns the denials of an account that count whatever its device says.
func (s standing) denials(now time.Time) consent.State {
	denied := s.signalled()
	if s.answer.expired(now) {
		denied = denied.Restrict(s.answer.State.Denials())
	}
	return denied
}

// unanswered returns what is denied where there is no answer, with that of the newer records,
// and when a whole answer was taken back, if one was.
func (s standing) unanswered(newer []Record, now time.Time) (denied consent.State, takenBack time.Time) {
	denied = s.denials(now)
	for _, r := range newer {
		denied = denied.Restrict(r.State.Denials())
	}
	for _, r := range append(newer, s.answer) {
		if r.Kind == Withdrawal && r.State == consent.NewState(nil) && r.Given.After(takenBack) {
			takenBack = r.Given
		}
	}
	return denied, takenBack
}

// state returns the answer of the account with the denials of the signals added.
func (s standing) state() consent.State { return s.answer.State.Restrict(s.signalled()) }

// signalled returns the denials of the signals.
func (s standing) signalled() consent.State {
	denied := consent.NewState(nil)
	for _, signal := range s.signals {
		denied = denied.Restrict(signal.State)
	}
	return denied
}

// has reports whether a record of that number still counts.
func (s standing) has(sequence int64) bool {
	for _, signal := range s.signals {
		if signal.Sequence == sequence {
			return true
		}
	}
	return s.answer.Sequence == sequence
}
