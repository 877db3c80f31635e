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
// decides about tracking, not about the page. [Read] makes the decision alone, for
// frameworks with a middleware of another shape.
package middleware

import (
	"net/http"
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
	// no Source failed and all of them together are exactly consent.NewState(nil). Its
	// grants are presumed: see [consent.State.Presumed]. Nil: the policy decides what
	// the absence of an answer means.
	Default func(*http.Request) consent.State

	// OnError is told why a request was denied everything, before it is served.
	// The request is as it arrived. Nil: nobody is told.
	OnError func(*http.Request, error)
}

// New returns a middleware that serves each request with the State of [Read] in its
// context. Whatever Read returns, the request is served; an error goes to OnError.
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
			state, err := consent.All(consent.Denied), wrong
			if err == nil {
				state, err = o.read(r)
			}
			if err != nil && o.OnError != nil {
				o.OnError(r, err)
			}
			next.ServeHTTP(w, r.WithContext(consent.NewContext(r.Context(), state)))
		})
	}
}
