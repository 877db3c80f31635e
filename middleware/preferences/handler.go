// Package preferences lets a visitor see and change the answer on the server, from a
// script or from a form that needs none.
//
// A [Handler] reads the cookie, takes answers, writes the cookie that Segment's Consent
// Manager reads, or that of another banner through a [Codec], and tells Segment, or another
// router through a [Teller].
package preferences

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/middleware"
)

// A Handler serves the visitor's own preferences, to mount under any path. A script or an
// HTML form answers through it, with or without Segment's Consent Manager in the page. The
// answer goes into the cookie, and Segment is told, in the two messages of
// [consent.Client.Tell]. Call [Handler.Check] when the program starts.
//
// GET and HEAD show the preferences of whoever asks, as JSON:
//
//	{"decided": true, "categories": {"advertising": false}, "destinations": {},
//	 "verdicts": [{"destination": "Facebook Pixel", "allowed": false, "reason": "..."}]}
//
// Without an answer in the cookie, or with one that cannot be read, decided is false.
// The verdicts are those of the Policy for what counts: the answer, or else the Default,
// with the Signals on top. Presumed grants count in them alone: they are no answer, and so
// neither shown as one nor written.
//
// POST and PUT take an answer of at most 64 KiB, as JSON with "categories",
// "destinations" or both, and return the preferences as GET does. JSON may come as
// text/plain, which is what navigator.sendBeacon makes of a string.
//
// A form (application/x-www-form-urlencoded or multipart/form-data, without files) names a
// category "category.advertising" and a destination "destination.Facebook Pixel", with the
// value "true" (or "on", as of a checkbox) or "false". Its answer is the whole of it: a
// category of the Policy that is not in the form is denied, as a checkbox is that nobody
// ticked. A field "answer" of "accept" or "deny" answers for every category, and "save"
// makes a form of an answer whose checkboxes are all empty. The response is a redirect with
// 303 to the field "redirect", a path of the host that the form was on, or else to the page
// that it was on, or to "/". A form that another handler has parsed before is taken as it was parsed;
// what that handler dropped of it is not noticed.
//
// DELETE forgets the answer, and the visitor is asked again; until then the Default counts.
//
// # What stays denied
//
// What an answer does not name stays as it was. A destination that was denied by name stays
// denied, whatever becomes of its categories, until an answer names it, or names every
// category and grants all of its own; under a Policy with one category only a form does
// the latter. Where the cookie holds destinations that were denied for their categories as
// well, a companion cookie tells them apart. Without it, or beside an answer that a script
// has written since, every denial is taken for one by name. A denial of every category is
// one of destinations in no category, too, also under an opt-out Policy.
//
// If the cookie cannot be read, all that the answer does not name is denied, and written as
// denied as far as the Policy lists it. Destinations that the Policy leaves unlisted and
// open are open as for anyone who answered, unless the answer leaves every category denied.
//
// A denial is never refused because the cookie is full: 4,096 bytes, which names that a
// sibling host planted can fill. It gives up, in this order and only as far as the Policy
// then opens no more, grants of names that the Policy does not know, other such names, all
// grants of destinations by name, and denials by name of destinations of which every category is
// denied. Where that is not enough, every category is denied. OnError is told then
// ([ErrShortened]), and the response shows what is kept. A grant that does not fit is
// refused.
//
// # Another cookie than the Consent Manager's
//
// With a Codec, all of this holds for the cookie of another banner. If that has categories
// alone, as the one of the custom package below cookie, an answer for a destination is
// refused, since the cookie could not keep it, and Expand is not used: the categories decide.
// A denial that the cookie cannot hold with other answers beside it, as a cookie of one word
// cannot, gives them up as above. Whatever the Codec is, an answer is read back
// before it is sent, and one that would not come back is refused ([ErrCodec]).
//
// # What is refused
//
// What is refused changes nothing, and nobody is told: a request from another origin (403,
// see CrossOrigin), another type of body (415), too long a body (413), a grant that does
// not fit a cookie, an answer for a destination where the cookie holds none, and any answer
// where browsers would refuse the cookie (422), and else 400 for what is no answer: other
// fields and types, a name given twice, a name that neither the Policy nor the visitor's
// cookie has. The reason is plain text, without anything from the request. No response may
// be stored in a cache.
//
// There is one exception. Where the public host is not known, or the Origin header has
// another registrable domain than it ([ErrHost]), a browser would not keep a cookie for
// that domain. What the answer denies is then kept in a cookie for the host alone, which
// counts beside any other; if it grants anything, or is DELETE, the status is 500. Browsers
// that send no Sec-Fetch-Site, such as Safari before 16.4, are refused with 403 in that
// case, since they cannot be told from another site. See Host.
//
// # What the browser is told
//
// There is one Set-Cookie line for each name, with the answer before its companion. Two
// cases need more. If several copies of the cookie arrived, the others are expired, after
// the answer: see [cookie.Codec.ForgetCopies]. DELETE and ForgetIdentity expire the cookie
// both of the domain and of the host, since a request does not say of which it is.
//
// An answer that closes something has "Clear-Site-Data: "cache"", if the request came over
// TLS or has an Origin of https. Browsers then drop pages that they hold back, or have
// fetched in advance, with scripts that were made for the answer before. It also empties
// the browser's cache of the whole site, which takes some browsers a second or two.
//
// The zero Handler shows what is in the cookie and takes no answer. A Handler may be
// used by many goroutines at once. Of two answers at the same time one
// remains; the browser keeps the cookie that arrives last. It recovers no panic of the
// functions it is given, but for that of OnAnswer.
type Handler struct {
	// Codec reads and writes the cookie. Nil: that of the Consent Manager, a zero
	// [cookie.Codec].
	Codec Codec

	// Policy has the categories and destinations that an answer may name. Use the
	// one of the Client. Without one, no answer is taken.
	Policy consent.Policy

	// Client tells Segment of each answer: a *consent.Client, or a Teller of another
	// router. Without one, answers are taken, and OnError is told that nobody is.
	Client Teller

	// AnonymousID returns the anonymous id of the visitor, or "". Nil:
	// [cookie.AnonymousID].
	AnonymousID func(*http.Request) string

	// UserID returns the id of the user who is signed in, or "". Take it from the
	// session and never from a cookie that anybody can set: with a forged one, a
	// visitor would answer for somebody else. Nil: nobody is signed in.
	UserID func(*http.Request) string

	// OnAnswer is called after an answer stands, for an audit log or an account, with what
	// the cookie held before and what it holds from now on: consent.NewState(nil) where
	// there was none, and after DELETE; All(Denied) where it could not be read.
	//
	// It can refuse nothing: a panic is told to OnError ([ErrOnAnswer]). Nor can it hold the
	// response back: that is sent when OnAnswer returns, so that whoever has the response
	// finds the answer recorded, but after a tenth of a second in any case. The request ends
	// when OnAnswer returns, so that Shutdown of an http.Server waits for it; until then
	// the connection of HTTP/1 takes no other request. Nobody waits any longer where the
	// ResponseWriter cannot flush, as that of [http.TimeoutHandler].
	//
	// It is called on a goroutine of its own, and must not change the request. The context
	// has the request's values and never ends, as browsers close connections: what is slow
	// needs a deadline of its own. Nil: nobody is called.
	OnAnswer func(r *http.Request, held, given consent.State)

	// CrossOrigin tells which other origins may answer and forget, such as the pages of
	// www.example.com where the endpoint is on api.example.com:
	//
	//	protection := http.NewCrossOriginProtection()
	//	err := protection.AddTrustedOrigin("https://www.example.com")
	//
	// Its Check is asked, and its deny handler is not used. The Origin must be of the same
	// registrable domain, as the cookie would reach no page of another (see [ErrHost]). Do
	// not bypass the check by a pattern: every page of the web could answer then.
	//
	// What a page of the other origin may read is for a CORS handler around this one to
	// say, which has to allow credentials, and the methods and the Content-Type that the
	// page sends. The page has to send credentials (fetch with credentials: "include"):
	// without them no cookie arrives, and none is kept. Clear-Site-Data reaches the cache
	// of this origin alone. Nil: none but this one.
	CrossOrigin *http.CrossOriginProtection

	// Expand makes the destinations of an answer by category before it is written, as
	// the Expand method of a destinations.Policy does. The Consent Manager goes by
	// destinations alone, so a site that has it needs this. Nil: only the answer itself
	// is written, beside the destinations that were in the cookie, and an answer for each
	// destination where the cookie would else say something more or less: a cookie that
	// names one destination closes those that it does not name, and categories do not
	// deny what is in none.
	Expand func(consent.State) consent.State

	// Host returns the host, and the port if there is one, that the browser sent the
	// request to, or "" if that is not known. The cookie is for its registrable domain. It
	// is needed behind a proxy that rewrites the Host header. Take it from the
	// configuration, or from a header that this proxy always sets: a header that the
	// visitor's request can hold is anybody's word. Nil: the Host of the request.
	Host func(*http.Request) string

	// IgnoreFields are fields of a form that are none of the answer, such as the token of
	// a protection against forged requests.
	IgnoreFields []string

	// Signals are what the browser says unasked. Their denials count on top of the
	// answer in the verdicts and in what the Client is told; they are not written to the
	// cookie. None may be nil.
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

	// ForgetIdentity expires the cookies of analytics.js that hold the visitor's ids
	// when an answer closes what was open, or leaves nothing open. The Client is told
	// under the old ids. See [cookie.ForgetIdentity].
	ForgetIdentity bool

	// OnError is told what went wrong that is no fault of the answer: a cookie that
	// cannot be read or written, and a Client that was not told. Nil: nobody
	// is told.
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
		held, err := h.codec().Consent(r)
		h.report(r, err)
		h.show(w, r, held)
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
