package ledger

import (
	"net/http"

	"github.com/go-consent/segment/consent"
)

// OnAnswer is for the OnAnswer of preferences.Handler: it records an answer. One that takes
// back a grant, or the whole answer, is a Withdrawal.
func (a *Accounts) OnAnswer(r *http.Request, held, given consent.State) {
	record := Record{
		Kind: Answer, Device: a.options.AnonymousID(r), Account: a.options.UserID(r),
		State: given.Given(), Source: "preferences", Given: a.ledger.now(),
	}
	if p, ok := a.options.Policy.(interface{ Fingerprint() string }); ok {
		record.Policy = p.Fingerprint()
	}
	if given == consent.NewState(nil) || takesBack(held, given) {
		record.Kind = Withdrawal
	}
	if record.Account != "" && a.options.AccountScope != nil && a.options.AccountScope(r) {
		record.Scope = AccountScope
	}
	if a.options.Describe != nil {
		a.options.Describe(r, &record)
	}
	if record.Device == "" && record.Account == "" {
		return // there is nobody to keep it for
	}
	a.writer.add(record)
	a.signal(r, Person{record.Device, record.Account}, consent.NewState(nil))
}

// takesBack reports whether something that was granted no longer is.
func takesBack(held, given consent.State) bool {
	for name, granted := range held.Categories() {
		if granted && given.Category(name) != consent.Granted {
			return true
		}
	}
	for name, granted := range held.Destinations() {
		if granted && given.Destination(name) != consent.Granted {
			return true
		}
	}
	return false
}

// Link records that the signed-in account uses the device of r. Call it when somebody signs in.
// It does not merge answers: each keeps its own.
func (a *Accounts) Link(r *http.Request) {
	p := Person{Device: a.options.AnonymousID(r), Account: a.options.UserID(r)}
	if p.Device != "" && p.Account != "" {
		a.writer.add(Record{Kind: Link, Device: p.Device, Account: p.Account})
	}
}

// signal records the browser's signals for a signed-in visitor, unless they are among those known.
func (a *Accounts) signal(r *http.Request, p Person, known consent.State) {
	if p.Account == "" {
		return
	}
	for _, waiting := range a.writer.ofAccount(p.Account) {
		if waiting.Kind == Signal {
			known = known.Restrict(waiting.State)
		} else {
			known = consent.NewState(nil) // an answer ends the signals before it
		}
	}
	told := known
	for _, signal := range a.options.Signals {
		told = told.Restrict(signal(r).Denials())
	}
	if told != known {
		a.writer.add(Record{Kind: Signal, Device: p.Device, Account: p.Account, State: told, Source: "signal"})
	}
}
