package middleware

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/nils"
)

// ErrNoPolicy is the error of [Preferences] without a Policy, which does not know what
// an answer may be about.
var ErrNoPolicy = errors.New("middleware: no Policy to take answers for")

// Preferences is a handler for the visitor's own preferences, to mount under any path. A
// script or an HTML form answers through it, with or without Segment's Consent Manager
// in the page. The answer goes into the cookie, and Segment is told.
//
// GET and HEAD show the preferences of whoever asks, as JSON:
//
//	{"decided": true, "categories": {"advertising": false}, "destinations": {},
//	 "verdicts": [{"destination": "Facebook Pixel", "allowed": false, "reason": "..."}]}
//
// Without an answer in the cookie, or with one that cannot be read, decided is false.
// The verdicts are those of the Policy, with the Signals on top.
//
// POST and PUT take an answer of at most 64 KiB, as JSON with "categories",
// "destinations" or both, and return the preferences as GET does. What the answer does
// not name stays as it was; if that cannot be read, it is denied.
//
// A form (application/x-www-form-urlencoded) names a category "category.advertising" and
// a destination "destination.Facebook Pixel", with the value "true" (or "on", as of a
// checkbox) or "false". Its answer is the whole of it: a category of the Policy that is
// not in the form is denied, as a checkbox is that nobody ticked. A field "answer" of
// "accept" or "deny" answers for every category, and "save" makes a form of an answer
// whose checkboxes are all empty. The response is a redirect with 303 to the field
// "redirect", a path of this host, or else to the page that the form was on, or to "/".
//
// DELETE forgets the answer, and the visitor is asked again.
//
// What is refused changes nothing, and Segment is not told: a request from another
// origin (403, see [http.CrossOriginProtection]), another type of body (415), too long a
// body (413), an answer that does not fit a cookie (422), and else 400 for what is no
// answer: other fields and types, a name given twice, a name that neither the Policy nor
// the visitor's cookie has. The reason is plain text, without anything from the request.
// No response may be stored in a cache.
//
// Segment is told in two messages. The first is [consent.UpdateEvent], which leaves
// whatever the answer is. It has an anonymous id of its own if the visitor has none and
// is not signed in: Segment requires one, and one that visitors share would mix their
// answers. The second is the Identify of the Consent Manager, with the traits
// destinationTrackingPreferences and customTrackingPreferences; it leaves only if the
// visitor is known and the new answer, with the Signals on top, opens a destination. An
// error of either goes to OnError; the answer stands. After DELETE the first message
// tells what the Policy makes of no answer, and there is no second one.
//
// The zero Preferences shows what is in the cookie and takes no answer. Preferences may be
// used by many goroutines at once. Of two answers at the same time one
// remains; the browser keeps the cookie that arrives last. It recovers no panic of the
// functions it is given.
type Preferences struct {
	// Codec reads and writes the cookie.
	Codec cookie.Codec

	// Policy has the categories and destinations that an answer may name. Use the
	// Client's own. Without one, no answer is taken.
	Policy consent.Policy

	// Client tells Segment. Without one, answers are taken, and OnError is told that
	// Segment is not.
	Client *consent.Client

	// Expand makes the destinations of an answer by category before it is written, as
	// the Expand method of a destinations.Policy does. The Consent Manager goes by
	// destinations alone, so a site that has it needs this. A destination that the
	// visitor denied by name stays denied until an answer names it or every category
	// of the Policy. Nil: only the answer itself is written, beside the destinations
	// that were in the cookie.
	Expand func(consent.State) consent.State

	// Signals are what the browser says unasked. Their denials count on top of the
	// answer in the verdicts and in what Segment is told; they are not written to the
	// cookie. None may be nil.
	Signals []Signal

	// AnonymousID returns the anonymous id of the visitor, or "". Nil:
	// [cookie.AnonymousID].
	AnonymousID func(*http.Request) string

	// UserID returns the id of the user who is signed in, or "". Take it from the
	// session and never from a cookie that anybody can set: with a forged one, a
	// visitor would answer for somebody else. Nil: nobody is signed in.
	UserID func(*http.Request) string

	// ForgetIdentity expires the cookies of analytics.js that hold the visitor's ids
	// when an answer closes what was open, or leaves nothing open. Segment is told
	// under the old ids. See [cookie.ForgetIdentity].
	ForgetIdentity bool

	// OnError is told what went wrong that is no fault of the answer: a cookie that
	// cannot be read or written, and messages that Segment was not sent. Nil: nobody
	// is told.
	OnError func(*http.Request, error)
}

// ServeHTTP implements [http.Handler].
func (p Preferences) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	Private(h) // adds what the response depends on
	if nils.Is(p.Policy) {
		p.Policy = nil
	}
	if err := checkSignals(p.Signals); err != nil {
		p.report(r, err)
		refused(http.StatusInternalServerError, "The preferences cannot be read.").write(w)
		return
	}
	var problem *refusal
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		held, err := p.Codec.Consent(r)
		p.report(r, err)
		p.show(w, r, held)
	case http.MethodPost, http.MethodPut:
		problem = p.answer(w, r)
	case http.MethodDelete:
		problem = p.forget(w, r)
	default:
		h.Set("Allow", "GET, HEAD, POST, PUT, DELETE")
		problem = refused(http.StatusMethodNotAllowed, "This method is not supported.")
	}
	if problem != nil {
		problem.write(w)
	}
}

// answer takes a new answer.
func (p Preferences) answer(w http.ResponseWriter, r *http.Request) *refusal {
	if problem := p.admit(r); problem != nil {
		return problem
	}
	held, err := p.Codec.Consent(r)
	p.report(r, err)
	known := vocabularyOf(p.Policy, held)
	g, problem := readAnswer(w, r, known)
	if problem != nil {
		return problem
	}
	state := g.apply(held, known, p.Expand)
	if err := p.write(w, r, state, held != consent.NewState(nil)); err != nil {
		p.report(r, err)
		return refused(http.StatusUnprocessableEntity, "The answer does not fit a cookie.")
	}
	p.tell(r, state)
	p.forgetIdentity(w, r, held, state)
	if g.redirect != "" {
		w.Header().Set("Location", g.redirect)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	p.show(w, r, state)
	return nil
}

// write replaces the cookie. One for the host alone, which a page may have written, would
// go on to count beside that of the domain, and before it in the script. A browser may
// take the two for the same cookie, so the old ones are expired first.
func (p Preferences) write(w http.ResponseWriter, r *http.Request, state consent.State, replace bool) error {
	before := w.Header()["Set-Cookie"]
	if replace {
		if err := p.Codec.Forget(w, r); err != nil {
			return err
		}
	}
	err := p.Codec.Write(w, r, state)
	if err != nil && replace {
		w.Header()["Set-Cookie"] = before
	}
	return err
}

// forget drops the answer.
func (p Preferences) forget(w http.ResponseWriter, r *http.Request) *refusal {
	if problem := p.admit(r); problem != nil {
		return problem
	}
	held, err := p.Codec.Consent(r)
	p.report(r, err)
	if err := p.Codec.Forget(w, r); err != nil {
		p.report(r, err)
		return refused(http.StatusInternalServerError, "The answer cannot be forgotten.")
	}
	if held != consent.NewState(nil) {
		p.tell(r, consent.NewState(nil))
	}
	p.forgetIdentity(w, r, held, consent.NewState(nil))
	p.show(w, r, consent.NewState(nil))
	return nil
}

// admit refuses who may not change anything.
func (p Preferences) admit(r *http.Request) *refusal {
	var protection http.CrossOriginProtection
	if protection.Check(r) != nil {
		return refused(http.StatusForbidden, "The request comes from another site.")
	}
	if p.Policy == nil {
		p.report(r, ErrNoPolicy)
		return refused(http.StatusInternalServerError, "No answer is taken here.")
	}
	return nil
}

// show writes the preferences.
func (p Preferences) show(w http.ResponseWriter, r *http.Request, s consent.State) {
	type verdict struct {
		Destination string         `json:"destination"`
		AliasOf     string         `json:"aliasOf,omitempty"`
		Allowed     bool           `json:"allowed"`
		Reason      consent.Reason `json:"reason,omitempty"`
		Cause       string         `json:"cause,omitempty"`
	}
	shown := struct {
		Decided      bool            `json:"decided"`
		Categories   map[string]bool `json:"categories"`
		Destinations map[string]bool `json:"destinations"`
		Verdicts     []verdict       `json:"verdicts,omitempty"`
	}{
		Decided:      s.Answered() && s.Rest() == consent.Unknown, // All(Denied): not read
		Categories:   maps.Collect(s.Categories()),
		Destinations: maps.Collect(s.Destinations()),
	}
	for v := range p.decide(r, s).Verdicts() {
		shown.Verdicts = append(shown.Verdicts, verdict(v))
	}
	body, err := json.Marshal(shown)
	if err != nil {
		panic("middleware: preferences without a JSON form: " + err.Error()) // they are names and booleans
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the visitor may be gone
	}
}

// effective returns s with the denials of the Signals.
func (p Preferences) effective(r *http.Request, s consent.State) consent.State {
	for _, signal := range p.Signals {
		s = s.Restrict(signal(r).Denials())
	}
	return s
}

// decide returns what the Policy makes of s, with the Signals on top.
func (p Preferences) decide(r *http.Request, s consent.State) consent.Decision {
	if p.Policy == nil {
		return consent.Decision{}
	}
	return p.Policy.Decide(p.effective(r, s))
}

func (p Preferences) report(r *http.Request, err error) {
	if err != nil && p.OnError != nil {
		p.OnError(r, err)
	}
}

// A refusal says why a request changes nothing.
type refusal struct {
	status int
	reason string // nothing that the request holds
}

func refused(status int, reason string) *refusal { return &refusal{status, reason} }

func (f *refusal) write(w http.ResponseWriter) { http.Error(w, f.reason, f.status) }
