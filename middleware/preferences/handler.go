// Package preferences lets a visitor see and change the answer on the server, from a script or
// from a plain form.
//
// A [Handler] reads the cookie, takes answers, writes the cookie that Segment's Consent Manager
// reads, or that of another banner with a [Codec], and tells Segment, or another router with a
// [Teller].
package preferences

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/middleware"
)

// A Handler serves the visitor's own preferences, under any path. A script or an HTML form sends
// answers to it, with or without Segment's Consent Manager in the page. It writes the answer into
// the cookie and tells Segment, with the two messages of [consent.Client.Tell]. Call
// [Handler.Check] when the program starts.
//
// GET and HEAD return the visitor's preferences as JSON:
//
//	{"decided": true, "categories": {"advertising": false}, "destinations": {},
//	 "verdicts": [{"destination": "Facebook Pixel", "allowed": false, "reason": "..."}]}
//
// Without an answer in the cookie, or with one that cannot be read, decided is false.
// The verdicts are those of the Policy for what counts: the answer, or else the Default,
// with the Signals on top. Presumed grants count in them alone: they are no answer, and so
// neither shown as one nor written.
//
// POST and PUT take an answer of at most 64 KiB, as JSON with "categories", "destinations" or
// both, and return the preferences as GET does. JSON may be sent as text/plain, the type that
// navigator.sendBeacon gives a string.
//
// A form (application/x-www-form-urlencoded or multipart/form-data, without files) names a
// category "category.advertising" and a destination "destination.Facebook Pixel", with the value
// "true" (or "on", as from a checkbox) or "false". A form is a complete answer: a category of the
// Policy that is not in it is denied, like an unticked checkbox. A field "answer" of "accept" or
// "deny" answers for every category; "save" makes a form an answer even if all its checkboxes are
// empty. The response is a 303 redirect to the path in the field "redirect", on the host of the
// form's page, or else to that page, or to "/". A form that another handler has already parsed is
// used as parsed; whatever that handler dropped goes unnoticed.
//
// DELETE forgets the answer, and the visitor is asked again; until then the Default counts.
//
// # What stays denied
//
// What an answer does not name stays as it was. A destination that was denied by name stays
// denied, whatever happens to its categories, until an answer names it, or names every category
// and grants all of its own; if the Policy has only one category, only a form does the latter. If
// the cookie also holds destinations that were denied for their categories, a companion cookie
// tells the two apart. Without it, or if a script has written another answer since, every denial
// is taken for one by name. A denial of every category also denies destinations in no category,
// even under an opt-out Policy.
//
// If the cookie cannot be read, everything that the answer does not name is denied, and written
// as denied if the Policy lists it. Destinations that the Policy allows unlisted are allowed as
// for anyone who answered, unless the answer leaves every category denied.
//
// A denial is never refused because the cookie is full: 4,096 bytes, which names that a sibling
// host planted can fill. To fit, it gives up, in this order and only if the Policy then allows no
// more: grants of names that the Policy does not know, other such names, all grants of
// destinations by name, and denials by name of destinations of which every category is denied. If
// that is not enough, every category is denied. OnError then gets [ErrShortened], and the
// response shows what was stored. A grant that does not fit is refused.
//
// # Another cookie than the Consent Manager's
//
// With a Codec, all of this holds for the cookie of another banner. If that holds only
// categories, as the one of package cookie/custom does, an answer for a destination is refused,
// since the cookie could not store it, and Expand is not used: the categories decide. If the
// cookie cannot hold a denial together with other answers, such as a cookie of one word, the
// others are given up as above. With any Codec, an answer is read back before it is sent, and
// refused if it does not read the same ([ErrCodec]).
//
// # What is refused
//
// A refused request changes nothing, and Segment is not told: a request from another origin (403,
// see CrossOrigin), another type of body (415), a body that is too long (413), a grant that does
// not fit a cookie, an answer for a destination if the cookie holds none, and any answer if
// browsers would refuse the cookie (422). Everything else that is not an answer gets 400: other
// fields and types, a name given twice, a name that neither the Policy nor the visitor's cookie
// has. The reason is plain text, without data of the request. No response may be cached.
//
// There is one exception. If the public host is not known, or CrossOrigin allows a request of
// another site ([ErrHost]), a browser would not store a cookie for that domain. The denials of the
// answer are then stored in a cookie for the host alone, which counts beside any other; if the
// answer grants anything, or is DELETE, the status is 500. So it is for a denial that a script of
// another site sends, unless the cookie is SameSite=None: the browser would drop it. Browsers that
// send no Sec-Fetch-Site, such as Safari before 16.4, are refused with 403 if the Origin is not
// that of the host, since they cannot be told from another site. See Host.
//
// # What the browser is told
//
// There is one Set-Cookie line for each name, the answer before its companion. Two cases need
// more. If several copies of the cookie arrived, the others are expired, after the answer: see
// [cookie.Codec.ForgetCopies]. DELETE and ForgetIdentity expire the cookies of both the domain
// and the host, since a request does not say which one it has.
//
// The response to an answer that denies more has "Clear-Site-Data: "cache"", if the request came
// over TLS or has an https Origin. Browsers then drop stored and prefetched pages, whose scripts
// were rendered for the previous answer. It also empties the browser's cache of the whole site,
// which takes some browsers a second or two.
//
// The zero Handler shows what is in the cookie and takes no answer. A Handler may be used by many
// goroutines at once. Of two simultaneous answers one remains; the browser keeps the cookie that
// arrives last. A Handler recovers no panic of the functions it is given, except OnAnswer.
type Handler struct {
	// Codec reads and writes the cookie. Nil: a zero [cookie.Codec], for the cookie of the
	// Consent Manager.
	Codec Codec

	// Policy has the categories and destinations that an answer may name. Use the Client's.
	// Without one, no answer is taken.
	Policy consent.Policy

	// Client tells Segment of each answer: a *consent.Client, or a Teller for another router.
	// Without one, answers are taken, and OnError gets an error for each.
	Client Teller

	// AnonymousID returns the anonymous id of the visitor, or "". Nil:
	// [cookie.AnonymousID].
	AnonymousID func(*http.Request) string

	// UserID returns the id of the signed-in user, or "". Take it from the session and never from
	// a cookie that anybody can set: with a forged one, a visitor could answer for somebody else.
	// Nil: nobody is signed in.
	UserID func(*http.Request) string

	// OnAnswer is called after an answer was written, for an audit log or an account, with the
	// State of the cookie before and after: consent.NewState(nil) if there was no answer, and
	// after DELETE; All(Denied) if it could not be read.
	//
	// It cannot refuse an answer: OnError gets a panic as [ErrOnAnswer]. Nor can it delay the
	// response by more than a tenth of a second: until then the response waits for OnAnswer, so
	// that a client that has the response usually finds the answer recorded. The request ends
	// when OnAnswer returns, so that Shutdown of an http.Server waits for it; until then an
	// HTTP/1 connection serves no other request. If the ResponseWriter cannot flush, as that of
	// [http.TimeoutHandler], the request ends with the response.
	//
	// It is called on its own goroutine, and must not change the request. Its context has the
	// request's values and is never canceled, since browsers close connections early: set a
	// deadline for slow work. Nil: not called.
	OnAnswer func(r *http.Request, held, given consent.State)

	// CrossOrigin says which other origins may send answers and DELETE, such as pages of
	// www.example.com if the endpoint is on api.example.com:
	//
	//	protection := http.NewCrossOriginProtection()
	//	err := protection.AddTrustedOrigin("https://www.example.com")
	//
	// Its Check is called, and its deny handler is not used. The Origin must have the same
	// registrable domain and scheme, as browsers keep the cookie from pages of another site (see
	// [ErrHost]). Do not bypass the check by a pattern: then every page on the web could answer.
	//
	// The other origin also needs a CORS handler around this one, which has to allow credentials,
	// and the methods and the Content-Type that the page sends. The page has to send credentials
	// (fetch with credentials: "include"): without them no cookie arrives, and none is stored.
	// Clear-Site-Data clears the cache of this origin alone. Nil: only this origin.
	CrossOrigin *http.CrossOriginProtection

	// Expand derives destinations from the categories of an answer before it is written, as the
	// Expand method of a destinations.Policy does. The Consent Manager looks only at
	// destinations, so a site that has it needs this. Nil: only the answer itself is written,
	// with the destinations already in the cookie, and with an answer for each destination if the
	// cookie would otherwise say more or less than the visitor: a cookie that names one
	// destination denies those that it does not name, and categories do not deny destinations
	// that are in none.
	Expand func(consent.State) consent.State

	// Host returns the host, and the port if there is one, that the browser sent the request to,
	// or "" if that is not known. The cookie is for its registrable domain. It is needed behind a
	// proxy that rewrites the Host header. Take it from the configuration, or from a header that
	// this proxy always sets: any other header can be forged. Nil: the Host of the request.
	Host func(*http.Request) string

	// IgnoreFields are form fields that are not part of the answer, such as a CSRF token.
	IgnoreFields []string

	// Signals read what the browser says by itself. Their denials count on top of the answer in
	// the verdicts and in what the Client is told; they are not written to the cookie. None may
	// be nil.
	Signals []middleware.Signal

	// Default is that of the [middleware.Options]: it stands in for the answer of a visitor
	// who gave none, by the same rules. The verdicts and what the Client is told, after
	// DELETE too, are then what the visitor's next event is decided by. Its grants are
	// presumed, and never written to the cookie. It may be asked several times for a
	// request. Nil: the Policy decides what the absence of an answer means.
	Default func(*http.Request) consent.State

	// SameSite is that of the [middleware.Options]: it says which requests of other sites
	// come without the cookie. Such a request shows everything as denied. Zero: Lax.
	SameSite http.SameSite

	// ForgetIdentity expires the cookies of analytics.js that hold the visitor's ids when an
	// answer denies what was allowed, or leaves nothing allowed. The Client is told under the old
	// ids. See [cookie.ForgetIdentity].
	ForgetIdentity bool

	// OnError gets errors that are not the answer's fault: a cookie that cannot be read or
	// written, a Client that could not be told, and the errors of this package. With
	// [ErrOnAnswer] it is called on the goroutine of OnAnswer, where a panic of its own ends
	// the program. Nil: errors are dropped.
	OnError func(*http.Request, error)
}

// ServeHTTP implements [http.Handler].
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	middleware.Private(header) // adds what the response depends on
	if nils.Is(h.Policy) {
		h.Policy = nil
	}
	if err := h.checkSignals(); err != nil {
		h.report(r, err)
		refused(http.StatusInternalServerError, "The preferences cannot be read.").write(w)
		return
	}
	var problem *refusal
	var recorded <-chan struct{} // closed when OnAnswer has returned
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.show(w, r, h.held(r))
	case http.MethodPost, http.MethodPut:
		recorded, problem = h.answer(w, r)
	case http.MethodDelete:
		recorded, problem = h.forget(w, r)
	default:
		header.Set("Allow", "GET, HEAD, POST, PUT, DELETE")
		problem = refused(http.StatusMethodNotAllowed, "This method is not supported.")
	}
	if problem != nil {
		problem.write(w)
	}
	if recorded != nil {
		await(w, recorded)
	}
}

// held returns what the visitor's cookie holds: All(Denied) if it cannot be read, whatever
// the Codec returns then.
func (h Handler) held(r *http.Request) consent.State {
	held, err := h.codec().Consent(r)
	if err != nil {
		h.report(r, err)
		return consent.All(consent.Denied)
	}
	return held
}

// effective returns what counts for a visitor whose cookie holds s.
func (h Handler) effective(r *http.Request, s consent.State) consent.State {
	return middleware.Effective(h.public(r), s, middleware.Options{Signals: h.Signals, Default: h.Default, SameSite: h.SameSite})
}

// decide returns what the Policy makes of what counts with s in the cookie.
func (h Handler) decide(r *http.Request, s consent.State) consent.Decision {
	if h.Policy == nil {
		return consent.Decision{}
	}
	return h.Policy.Decide(h.effective(r, s))
}

func (h Handler) checkSignals() error {
	for i, signal := range h.Signals {
		if signal == nil {
			return fmt.Errorf("%w: Signal %d", middleware.ErrNoSignal, i)
		}
	}
	return nil
}

func (h Handler) report(r *http.Request, err error) {
	if err != nil && h.OnError != nil {
		h.OnError(r, err)
	}
}
