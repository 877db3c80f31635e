package main

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

// Bugs of handlers: the client gets no answer, or that of another request.
var bugsOfRequests = []bug{
	{"a handler uses context.Background", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			visit(read(handle(func(r *http.Request) {
				b.track(context.Background(), ordered(r)) // the bug
			})))
		})
	}},
	{"a handler keeps the context of the first request", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			var once sync.Once
			var ctx context.Context
			visit(read(handle(func(r *http.Request) {
				once.Do(func() { ctx = r.Context() }) // the bug
				b.track(ctx, ordered(r))
			})))
		})
	}},
	{"a client is bound when the first visitor comes, and kept", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler {
			var bound *consent.Client
			return read(handle(func(r *http.Request) {
				if bound == nil {
					bound = b.client.For(r.Context()) // the bug
				}
				_ = bound.Enqueue(ordered(r))
			}))
		})
	}},
	{"requests that run at once share one client", "RunAtOnce", func(tb testing.TB) {
		consenttest.RunAtOnce(tb, func(r *consenttest.Recorder) http.Handler {
			b := recorded(r)
			all := int64(len(visitors))
			var served atomic.Int64
			var database sync.WaitGroup // which is so slow that all visitors meet there
			database.Add(len(visitors))
			var bound atomic.Pointer[consent.Client]
			return read(handle(func(r *http.Request) {
				bound.Store(b.client.For(r.Context()))         // the bug
				if n := served.Add(1); n > all && n <= 2*all { // after one by one, the first time at once
					database.Done()
					database.Wait()
				}
				_ = bound.Load().Enqueue(ordered(r))
			}))
		}, visitors, func(v consenttest.Visitor, user string) *http.Request { return post(v, "/orders", "user="+user) })
	}},
	{"an answer is cached by the path", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler {
			cached := make(map[string]consent.State)
			return read(handle(func(r *http.Request) {
				if _, ok := cached[r.URL.Path]; !ok {
					cached[r.URL.Path] = consent.FromContext(r.Context()) // the bug
				}
				_ = b.client.With(cached[r.URL.Path]).Enqueue(ordered(r))
			}))
		})
	}},
	{"an answer is cached by the user, and outlives a withdrawal", "RequireHonoured", func(tb testing.TB) {
		var recorder consenttest.Recorder
		b := recorded(&recorder)
		cached := make(map[string]consent.State)
		site := read(handle(func(r *http.Request) {
			user := r.FormValue("user")
			if _, ok := cached[user]; !ok {
				cached[user] = consent.FromContext(r.Context()) // the bug
			}
			_ = b.client.With(cached[user]).Enqueue(ordered(r))
		}))
		serve(site, post(called("accepted all"), "/orders", "user=u-1"))
		recorder.Reset()
		serve(site, post(called("withdrew"), "/orders", "user=u-1"))
		consenttest.RequireHonoured(tb, &recorder, policy, consenttest.Answers{"u-1": called("withdrew").State})
	}},
	{"only grants are kept, and a denial leaves them standing", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler {
			var kept consent.State
			return read(handle(func(r *http.Request) {
				if s := consent.FromContext(r.Context()); s.Category("analytics") == consent.Granted {
					kept = s // the bug
				}
				_ = b.client.With(kept).Enqueue(ordered(r))
			}))
		})
	}},
	{"the routes are served without the middleware", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler { return b.routes() })
	}},
	{"the middleware stands within the one that tracks", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler {
			page := read(http.NotFoundHandler()) // the bug: it is read too late
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b.track(r.Context(), ordered(r))
				page.ServeHTTP(w, r)
			})
		})
	}},
	{"the middleware reads a cookie of another name", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler {
			return middleware.New(middleware.Options{Sources: []middleware.Source{
				cookie.Codec{Template: http.Cookie{Name: "tracking_preferences"}}, // the bug
			}})(b.routes())
		})
	}},
	{"the signal GPC is ignored", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler {
			return middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})(b.routes()) // the bug: no Signals
		})
	}},
	{"everybody who was not asked counts as one who agreed", "Run", func(tb testing.TB) {
		table(tb, func(b *backend) http.Handler {
			return middleware.New(middleware.Options{
				Sources: []middleware.Source{cookie.Codec{}}, Signals: []middleware.Signal{middleware.GPC("advertising")},
				Default: func(*http.Request) consent.State { return consent.All(consent.Granted) }, // the bug
			})(b.routes())
		})
	}},
	{"a goroutine sends after the visitor has withdrawn", "RequireHonoured", func(tb testing.TB) {
		var recorder consenttest.Recorder
		b := recorded(&recorder)
		later := make(chan struct{})
		var running sync.WaitGroup
		serve(read(handle(func(r *http.Request) {
			message := ordered(r)
			bound := b.client.For(r.Context()) // the bug: it is asked only once
			running.Go(func() {
				<-later
				_ = bound.Enqueue(message)
			})
		})), post(called("accepted all"), "/orders", "user=u-1"))
		serve(b.site(), post(called("withdrew"), "/orders", "user=u-1"))
		close(later)
		running.Wait()
		consenttest.RequireHonoured(tb, &recorder, policy, consenttest.Answers{"u-1": called("withdrew").State})
	}},
	{"an email address takes the place of the user id", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			visit(read(handle(func(r *http.Request) {
				b.track(r.Context(), analytics.Track{UserId: r.FormValue("user") + "@example.com", Event: "Order Completed"}) // the bug
			})))
		})
	}},
	{"a page that differs by visitor says nothing of caches", "RequireNotShared", func(tb testing.TB) {
		shared(tb, func(http.Header) {})
	}},
	{"a page that differs by visitor may be cached by a CDN", "RequireNotShared", func(tb testing.TB) {
		shared(tb, func(h http.Header) { h.Set("Cache-Control", "public, max-age=600") })
	}},
	{"a page that differs by visitor trusts the CDN with Vary", "RequireNotShared", func(tb testing.TB) {
		shared(tb, func(h http.Header) {
			h.Set("Cache-Control", "max-age=600")
			h.Set("Vary", "Cookie")
		})
	}},
	{"a header for the CDN undoes what Private did", "RequireNotShared", func(tb testing.TB) {
		shared(tb, func(h http.Header) {
			middleware.Private(h)
			h.Set("CDN-Cache-Control", "max-age=600")
		})
	}},
}

// shared serves a page with headers that have a bug.
func shared(tb testing.TB, headers func(http.Header)) {
	consenttest.RequireNotShared(tb, read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		_, _ = w.Write([]byte(page(r.Context())))
	})), visitors, "/")
}
