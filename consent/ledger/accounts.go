package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/memo"
	"github.com/go-consent/segment/internal/nils"
)

// A Source reads the answer that a device holds, as a Source of the middleware package does.
type Source interface {
	Consent(*http.Request) (consent.State, error)
}

// AccountsOptions say how a site knows devices and accounts.
type AccountsOptions struct {
	// Policy is the Client's. It is required.
	Policy consent.Policy

	// Client is bound by For; nil if there are no workers.
	Client *consent.Client

	// Device reads the cookies of the device. It is required.
	Device Source

	// AnonymousID and UserID return the ids of the visitor, each "" if there is none, such as
	// [cookie.AnonymousID] and the user of the session. Never take a user id from anything that
	// the visitor can write. Both are required.
	AnonymousID, UserID func(*http.Request) string

	// Signals are the Signals of the middleware, such as Global Privacy Control. Those of a
	// signed-in visitor are recorded, and bind the account. Keep them in the Options of the
	// middleware as well.
	Signals []func(*http.Request) consent.State

	// AccountScope reports whether an answer given with this request is for the account:
	// somebody is signed in, and the page said that the answer counts on every device. Nil:
	// no answer is.
	AccountScope func(*http.Request) bool

	// Describe completes the record of an answer: notice, method, language, region, how long
	// its grants are valid. The fingerprint of a policy of the destinations package is
	// already set. Nil: not called.
	Describe func(*http.Request, *Record)

	// CacheFor is how long a ruling for a visitor may be cached in memory. Answers that this
	// process took still count at once; those of other processes after CacheFor. Zero: the
	// Store is read each time.
	CacheFor time.Duration

	// MaxPending limits how many records may wait for the Store. Zero: 10,000.
	MaxPending int

	// OnError gets the errors that no method returns: a record that the Store has not taken
	// yet, one that is lost, and what For could not read. It is called from many goroutines at
	// once. Nil: these errors are dropped.
	OnError func(error)
}

// Accounts connect a Ledger to a site: they are a Source of the middleware, record the answers
// of preferences.Handler, and make clients for workers.
//
//	accounts, err := ledger.NewAccounts(book, ledger.AccountsOptions{...})
//	middleware.New(middleware.Options{Sources: []middleware.Source{accounts}})
//	preferences.Handler{OnAnswer: accounts.OnAnswer, ...}
//
// While the Store is out of reach, everything is denied: Consent returns an error, and clients
// of For allow nothing. Answers are still taken; their records wait in memory. Their denials
// count for the account at once, their grants once they are written.
//
// All methods may be called from many goroutines at once.
type Accounts struct {
	ledger  *Ledger
	options AccountsOptions
	writer  *writer
	cache   *memo.Cache[cacheKey, cached]
}

// NewAccounts returns Accounts of a Ledger. The error joins all faults of the options, each
// wrapping ErrConfig. Close ends them.
func NewAccounts(l *Ledger, o AccountsOptions) (*Accounts, error) {
	var errs []error
	require := func(is bool, what string) {
		if !is {
			errs = append(errs, fmt.Errorf("%w: no %s", ErrConfig, what))
		}
	}
	require(l != nil, "Ledger")
	require(!nils.Is(o.Policy), "Policy")
	require(!nils.Is(o.Device), "Device")
	require(o.AnonymousID != nil, "AnonymousID")
	require(o.UserID != nil, "UserID")
	for i, signal := range o.Signals {
		require(signal != nil, fmt.Sprintf("function in Signals[%d]", i))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	a := &Accounts{ledger: l, options: o, writer: newWriter(l, o.MaxPending, o.OnError)}
	if o.CacheFor > 0 {
		a.cache = newCache()
	}
	return a, nil
}

// Consent implements the Source of the middleware package: it returns the answer that counts
// for r, by [Ledger.Whose]. An error of Device or of the Store denies everything. The
// middleware keeps the result in the context of the request; for a queue, keep the Answers of
// [Accounts.Ruling].
func (a *Accounts) Consent(r *http.Request) (consent.State, error) {
	ruling, err := a.Ruling(r)
	return ruling.State, err
}

// Ruling returns whose answer counts for r, and why.
func (a *Accounts) Ruling(r *http.Request) (Ruling, error) {
	device, err := a.options.Device.Consent(r)
	if err != nil {
		return Ruling{}, err
	}
	p := Person{Device: a.options.AnonymousID(r), Account: a.options.UserID(r)}
	waiting := a.writer.waitingFor(p.Account) // first, since the Store may get it meanwhile
	ruling, err := a.whose(r.Context(), device, p)
	if err != nil {
		return Ruling{}, err
	}
	a.signal(r, p, ruling)
	return a.restrict(ruling, waiting), nil
}

func (a *Accounts) whose(ctx context.Context, device consent.State, p Person) (Ruling, error) {
	read := func() (Ruling, error) { return a.ledger.Whose(ctx, a.options.Policy, device, p) }
	if a.cache == nil {
		return read()
	}
	return a.cachedRuling(cacheKey{device, p}, read)
}

// restrict adds the denials that wait to be written for an account: a grant counts only once it
// is written.
func (a *Accounts) restrict(r Ruling, records []Record) Ruling {
	for _, waiting := range records {
		if waiting.Kind == Signal {
			r.State = r.State.Restrict(waiting.State)
			r.Answers = slices.Clone(r.Answers)
			for i := range r.Answers {
				r.Answers[i] = r.Answers[i].Restrict(waiting.State)
			}
			continue
		}
		r.State = consent.Both(a.options.Policy, r.State, waiting.State)
		r.Answers = append(slices.Clip(r.Answers), waiting.State)
	}
	return r
}

// signal records the browser's signals for a signed-in visitor, unless they are known.
func (a *Accounts) signal(r *http.Request, p Person, known Ruling) {
	if p.Account == "" {
		return
	}
	told := known.Signals
	for _, signal := range a.options.Signals {
		told = told.Restrict(signal(r).Denials())
	}
	waits := func(r Record) bool { return r.Kind == Signal && r.State == told }
	if told == known.Signals || slices.ContainsFunc(a.writer.waitingFor(p.Account), waits) {
		return
	}
	a.writer.add(Record{Kind: Signal, Device: p.Device, Account: p.Account, State: told, Source: "signal"})
}

// Keep is a middleware to be put inside that of the middleware package, for a site with a
// queue: a client of [consent.NewQueued] that is bound to the context of a request then keeps
// the answers that both must allow, and not only what they come to under the present policy.
// What the browser signals is in each of them.
func (a *Accounts) Keep(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read, found := consent.Lookup(r.Context())
		ruling, err := a.Ruling(r)
		if found && err == nil && len(ruling.Answers) > 1 {
			answers := slices.Clone(ruling.Answers)
			for i, answer := range answers {
				if read != ruling.State { // the browser signals something, too
					answers[i] = answer.Restrict(read.Denials())
				}
			}
			r = r.WithContext(consent.NewContextAll(r.Context(), a.options.Policy, answers...))
		}
		next.ServeHTTP(w, r)
	})
}

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
	a.signal(r, Person{record.Device, record.Account}, Ruling{Signals: consent.NewState(nil)})
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

// Flush waits until the records of the answers so far are written, or until ctx is done.
func (a *Accounts) Flush(ctx context.Context) error { return a.writer.flush(ctx) }

// Close writes the waiting records, until ctx is done. It returns how many were lost, and the
// error of ctx if there were any. Later answers are lost, and OnError gets ErrClosed.
func (a *Accounts) Close(ctx context.Context) (lost int, err error) { return a.writer.close(ctx) }
