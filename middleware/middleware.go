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
// If an answer cannot be read, everything is denied, and the request is still served: consent
// decides about tracking, not about the page. [Context] is for frameworks with a middleware of
// another shape, and [Read] for code that needs only the State.
//
// # Requests that come from other sites
//
// A payment page that posts the visitor back to the shop is another site. The browser does not
// send the shop's Lax cookies with that request, and a visitor who denied everything looks like
// one who was never asked. Such a request denies everything, unless a Source holds an answer; see
// [Read]. Following a link from a search engine is not such a case: the browser sends Lax
// cookies.
//
// The event of the order is then suppressed even for visitors who consented. There are two ways
// to send it:
//
//   - Add a Source that reads the answer stored with the visitor's account or with the order,
//     identified by the parameters of the request. It must be in the same Options as the cookie:
//     an inner middleware cannot allow what an outer one denies.
//   - Answer the POST with 303 See Other to a page of your own, and send the event from there.
//     Even if the browser still treats that request as cross-site, it is a top-level navigation
//     by GET, and the browser sends Lax cookies.
//
// Browsers do not always mark one case. If another site frames a page of the shop, that page's
// own requests have Sec-Fetch-Site: same-origin, but browsers still do not send the Lax cookies.
// Keep foreign sites from framing pages that track: Content-Security-Policy: frame-ancestors
// 'self'.
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
// Consent returns consent.NewState(nil) if the request holds no answer, and an error if it holds
// one that cannot be read; the State does not count then. The error must not contain data of the
// request, since it ends up in logs. Consent is called from many goroutines at once and must not
// change the request. A request may be hostile.
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
	// Sources read what the visitor answered. All of them are read and combined with
	// [consent.State.Restrict], so a denial in one of them counts. At least one is needed, and
	// none may be nil.
	Sources []Source

	// Signals read what the browser says by itself, such as Global Privacy Control. Their denials
	// count on top of everything else, including Default; their grants do not count. None may be
	// nil.
	Signals []Signal

	// Default stands in for the answer of a visitor who gave none. It is called if no Source
	// failed, their combined State is exactly consent.NewState(nil), and the request could have
	// carried a cookie with an answer. Its grants are presumed: they are never stored as an
	// answer, and decisions say that nothing had to be asked; see [consent.State.Presumed]. Nil:
	// the policy decides what the absence of an answer means.
	Default func(*http.Request) consent.State

	// SameSite is the attribute of the cookies that the Sources read. Zero: Lax, as which
	// browsers treat a cookie without the attribute, such as that of the Consent Manager's
	// script. With Strict ones, a visitor who comes by a plain link from another site is denied
	// everything on that page. None is like Lax, but lets top-level navigations by POST show that
	// there is no answer; in frames and for scripts of other sites browsers may block such
	// cookies too. For several cookies, use the strictest.
	SameSite http.SameSite

	// OnError is called before a request is served for which everything is denied because of an
	// error. The request is as it arrived; an empty one replaces a nil one. Nil: the error is
	// dropped.
	OnError func(*http.Request, error)
}

// New returns a middleware that serves each request with the context of [Context], whatever Read
// returns.
//
// The ResponseWriter is passed on unchanged, and no header is set. The Options are copied. The
// middleware may be used for several handlers and by many goroutines at once. It does not recover
// a panic of a Source, a Signal, Default or OnError: the request is not served then.
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

// context is Context for Options in which that is wrong.
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
