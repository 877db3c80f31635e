// Package middleware reads what a visitor answered into the context of an HTTP request.
//
// [New] returns a middleware of the usual shape. It asks its Sources, such as the
// cookie of a consent banner, puts the [consent.State] into the request's context,
// and serves the request. From there on [consent.Client.For] enforces the answer on
// events, and [Require] on handlers:
//
//	read := middleware.New(middleware.Options{
//		Sources: []middleware.Source{cookie.Codec{}},
//		Signals: []middleware.Signal{middleware.GPC()},
//		OnError: func(r *http.Request, err error) { slog.WarnContext(r.Context(), "consent", "err", err) },
//	})
//	http.ListenAndServe(addr, read(mux))
//
// What cannot be read is denied, and the request is served all the same: consent
// decides about tracking, not about the page. [Context] is for frameworks with a
// middleware of another shape, and [Read] for whoever needs the State alone.
//
// # Requests that come from other sites
//
// A payment page that posts the visitor back to the shop is another site. The browser
// does not send the shop's Lax cookies with that request, and a visitor who denied
// everything looks like one who was never asked. Such a request denies everything, unless
// a Source holds an answer; see [Read]. A visitor who follows a link from a search engine
// is no such case: Lax cookies come along.
//
// The event of the order is then suppressed for those who consented, too. There are two
// ways to have it:
//
//   - Add a Source that reads the answer stored with the visitor's account or with the
//     order, which the parameters of the request name. It has to stand in the same
//     Options as the cookie: an inner middleware cannot open what an outer one denies.
//   - Answer the POST with 303 See Other to a page of one's own, and send the event from
//     there. If the browser still counts that page as another site's, it is a top-level
//     navigation by GET, and Lax cookies come along.
//
// There is a case that browsers do not mark, or not always. In a page of the shop inside a
// frame of another site, the page's own requests have Sec-Fetch-Site: same-origin, and
// browsers withhold the Lax cookies all the same. Keep foreign sites from framing pages
// that track: Content-Security-Policy: frame-ancestors 'self'.
package middleware

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-consent/segment/consent"
)

// A Source reads what the visitor answered, usually from a cookie.
//
// Consent returns consent.NewState(nil) if the request holds no answer, and an error if
// it holds one that cannot be read; the State does not count then. The error must not
// contain what the request holds, since it ends up in logs. Consent is called from
// many goroutines at once and must not change the request. A request may be hostile.
type Source interface {
	Consent(*http.Request) (consent.State, error)
}

// A SourceFunc is a function used as a [Source].
type SourceFunc func(*http.Request) (consent.State, error)

// Consent calls f. A nil f denies everything, with [ErrNoSource].
func (f SourceFunc) Consent(r *http.Request) (consent.State, error) {
	if f == nil {
		return consent.All(consent.Denied), ErrNoSource
	}
	return f(r)
}

// Options say where the answer of a visitor comes from. The zero Options have no
// Source, and deny everything.
type Options struct {
	// Sources hold what the visitor answered. All of them are read and combined
	// with [consent.State.Restrict]: a visitor who said no in one place said no. At
	// least one is needed, and none may be nil.
	Sources []Source

	// Signals are what the browser says unasked. Their denials count on top of
	// everything else, Default included; their grants do not count. None may be nil.
	Signals []Signal

	// Default stands in for the answer of a visitor who gave none: it is asked when
	// no Source failed, all of them together are exactly consent.NewState(nil), and the
	// request could have had a cookie with an answer. Its grants are presumed: no cookie
	// or record takes them for an answer, and decisions say that nothing had to be asked;
	// see [consent.State.Presumed]. Nil: the policy decides what the absence of an answer
	// means.
	Default func(*http.Request) consent.State

	// SameSite is the attribute of the cookies that the Sources read. Zero: Lax, which
	// is what browsers take a cookie without the attribute for, as the script of the
	// Consent Manager writes it. With Strict ones, a visitor who comes by a plain link
	// from another site is denied everything on that page. None is like Lax, but lets
	// top-level navigations by POST show that there is no answer; in frames and for
	// scripts of other sites browsers may block such cookies too. Of several cookies,
	// take the strictest.
	SameSite http.SameSite

	// OnError is told why a request was denied everything, before it is served. The
	// request is as it arrived; in place of a nil one there is an empty one. Nil:
	// nobody is told.
	OnError func(*http.Request, error)
}

// New returns a middleware that serves each request with the context of [Context].
// Whatever Read returns, the request is served.
//
// The ResponseWriter is handed on as it is, and no header is set. The Options are
// copied. The middleware may be used for several handlers and by many goroutines at
// once. It recovers no panic, whether of a Source, a Signal, Default or OnError: the
// request is not served then.
func New(o Options) func(http.Handler) http.Handler {
	o.Sources = slices.Clone(o.Sources)
	o.Signals = slices.Clone(o.Signals)
	wrong := o.check()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(o.context(r, wrong)))
		})
	}
}

// Context returns the context of r with the State of [Read] in it, for frameworks with a
// middleware of another shape; an error goes to OnError. A nil request gives the
// background context with All(Denied).
func Context(r *http.Request, o Options) context.Context {
	if r == nil {
		r = &http.Request{URL: &url.URL{}, Header: http.Header{}}
		return o.context(r, errNilRequest)
	}
	return o.context(r, o.check())
}

// context is Context with Options of which that is wrong.
func (o *Options) context(r *http.Request, wrong error) context.Context {
	state, err := consent.All(consent.Denied), wrong
	if err == nil {
		state, err = o.read(r)
	}
	if err != nil && o.OnError != nil {
		o.OnError(r, err)
	}
	return consent.NewContext(r.Context(), state)
}
