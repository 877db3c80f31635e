package consenttest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/failtest"
	"github.com/go-consent/segment/middleware"
)

func TestRequireListed(t *testing.T) {
	p := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Amplitude", "Mixpanel"}, "storage": {"Warehouses"}},
		Aliases:    map[string][]string{"Mixpanel": {"Mixpanel (Actions)"}},
		Always:     []string{"Webhooks"},
	})
	consenttest.RequireListed(t, p, []string{"Amplitude", "Mixpanel (Actions)", "Webhooks", "Snowflake"})

	for name, says := range map[string]string{
		"amplitude":  "\"amplitude\", and the policy does not: no event reaches it, whatever the visitor answered\n\tcure: the policy has \"Amplitude\": correct the name there",
		"Amplitude ": `the policy has "Amplitude"`,
		"Ampltude":   `the policy has "Amplitude"`,
		"Hotjar":     "list it in the Config, under the categories that it needs, or in Always; the policy has: Amplitude, Mixpanel, Mixpanel (Actions), Warehouses, Webhooks",
		"Amazon S3":  "it gets every event that leaves",
	} {
		require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireListed(tb, p, []string{"Webhooks", name}) }), says)
	}
	open := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, AllowUnlisted: true})
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireListed(tb, open, []string{"Hotjar"}) }), "under AllowUnlisted")
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireListed(tb, policy, []string{"Snowflake"}) }),
		`and "Warehouses" beside it`)
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireListed(tb, policy, nil) }), "proves nothing")
}

// varying is a page that says whether the visitor came with a cookie.
func varying(header func(http.Header), vary func(http.ResponseWriter, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header(w.Header())
		vary(w, r)
	})
}

func TestRequireNotShared(t *testing.T) {
	body := func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Header.Get("Cookie"))) }
	none := func(http.Header) {}
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	visitors := visitorsCalled("never asked", "accepted all")
	for name, h := range map[string]http.Handler{
		"private":        varying(middleware.Private, body),
		"no-store":       varying(set("Cache-Control", "no-store"), body),
		"nothing varies": varying(set("Cache-Control", "public"), func(w http.ResponseWriter, _ *http.Request) {}),
	} {
		t.Run(name, func(t *testing.T) { consenttest.RequireNotShared(t, h, visitors, "/", "/other") })
	}
	var served atomic.Int64
	for name, test := range map[string]struct {
		handler http.Handler
		says    string
	}{
		"silent":   {varying(none, body), `the bodies of "never asked" and "accepted all" differ, and a shared cache may keep what "never asked" gets and show it to others (it has no Cache-Control)`},
		"public":   {varying(set("Cache-Control", "public, max-age=60"), body), "(Cache-Control: public, max-age=60)"},
		"a field":  {varying(set("Cache-Control", `private="Set-Cookie"`), body), "may keep"},
		"Vary":     {varying(set("Vary", "Cookie"), body), "may keep"},
		"of a CDN": {varying(func(h http.Header) { middleware.Private(h); h.Set("Surrogate-Control", "max-age=1") }, body), "Surrogate-Control: max-age=1"},
		"only one may be kept": {varying(none, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Cookie") == "" {
				w.Header().Set("Cache-Control", "private")
			}
			body(w, r)
		}), `may keep what "accepted all" gets`},
		"status": {varying(none, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Cookie") == "" {
				w.WriteHeader(http.StatusForbidden)
			}
		}), "the statuses of"},
		"redirect": {varying(none, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Location", "/"+r.Header.Get("Cookie")) }), "the redirects of"},
		"cookie": {varying(none, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "a="+r.Header.Get("Cookie"))
		}), "the cookies set of"},
		"by itself":      {varying(none, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{byte(served.Add(1))}) }), `the bodies of two requests of "never asked" differ`},
		"nothing served": {http.NotFoundHandler(), "is answered with status 404, which proves nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RequireNotShared(tb, test.handler, visitors) }), test.says)
		})
	}
	consenttest.RequireNotShared(t, varying(middleware.Private, body), nil) // those of the zero Site
}

// perUser tracks under the user that the request is for.
func perUser(enqueue func(*consent.Client, *http.Request, analytics.Message)) func(*consenttest.Recorder) http.Handler {
	return func(r *consenttest.Recorder) http.Handler {
		client := watched(r)
		read := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})
		return read(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			enqueue(client, r, analytics.Track{UserId: r.URL.Query().Get("user"), Event: "Ordered"})
		}))
	}
}

func forUser(v consenttest.Visitor, user string) *http.Request {
	return v.Request("GET", "/?user="+user, nil)
}

func TestRunAtOnce(t *testing.T) {
	consenttest.RunAtOnce(t, perUser(func(c *consent.Client, r *http.Request, m analytics.Message) {
		_ = c.For(r.Context()).Enqueue(m)
	}), nil, forUser)
}

// The bug is made to happen: the visitor who denied waits for the client of the one who granted.
func TestRunAtOnceFindsAClientThatIsShared(t *testing.T) {
	visitors := visitorsCalled("accepted all", "rejected all")
	served := atomic.Int64{}
	var granted *consent.Client
	var once sync.Once
	isGranted := make(chan struct{})
	failures := failtest.All(t, func(tb testing.TB) {
		consenttest.RunAtOnce(tb, perUser(func(c *consent.Client, r *http.Request, m analytics.Message) {
			mine := c.For(r.Context())
			if served.Add(1) > 2 { // no longer one by one
				if consent.FromContext(r.Context()).Category("analytics") == consent.Granted {
					once.Do(func() {
						granted = mine
						close(isGranted)
					})
				} else {
					<-isGranted
					mine = granted // the bug
				}
			}
			_ = mine.Enqueue(m)
		}), visitors, forUser)
	})
	require.Len(t, failures, 1)
	require.Contains(t, failures[0], `consenttest: rejected all: served together with others, track "Ordered" by visitor-2 with integrations`)
	require.Contains(t, failures[0], `served alone: track "Ordered" by visitor-2 suppressed, no destination may see it`)
	require.Contains(t, failures[0], "cure: an answer, or a client bound to one, is kept where other requests see it")
	require.Regexp(t, `sent at \S+ \(helpers_test.go:\d+\)`, failures[0])
}

func TestRunAtOnceRefusesToProveNothing(t *testing.T) {
	silent := func(*consenttest.Recorder) http.Handler { return http.NotFoundHandler() }
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.RunAtOnce(tb, silent, nil, forUser) }), "proves nothing")
	require.Contains(t, failtest.One(t, func(tb testing.TB) {
		consenttest.RunAtOnce(tb, perUser(func(c *consent.Client, r *http.Request, _ analytics.Message) {
			_ = c.For(r.Context()).Enqueue(order("u"))
		}), visitorsCalled("accepted all"), forUser)
	}), `an event is of "u", and not of the user that the request was made for`)
}

// Updating the golden file must not turn a leak into the expected result.
func TestGoldenFileCannotContradictThePolicy(t *testing.T) {
	golden := filepath.Join(t.TempDir(), "golden")
	leaking := func(r *consenttest.Recorder) http.Handler {
		client := watched(r)
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			_ = client.With(consenttest.Grant("analytics")).Enqueue(order("u"))
		})
	}
	table := consenttest.Table{Visitors: visitorsCalled("accepted all", "rejected all"), Destinations: columns, Golden: golden}
	const leak = "consenttest: rejected all: 1 events reached Amplitude, against the policy: Amplitude: denied, the visitor denied it by name (Amplitude)"
	t.Setenv("CONSENTTEST_UPDATE", "1")
	failures := failtest.All(t, func(tb testing.TB) { consenttest.Run(tb, leaking, table) })
	require.Len(t, failures, 2)
	require.Contains(t, failures[0], leak)
	require.Contains(t, failures[0], "cure: no table can have this row")
	require.Contains(t, failures[1], "was not written")
	require.NoFileExists(t, golden)

	failures = failtest.All(t, func(tb testing.TB) { consenttest.Run(tb, tracker, table) })
	require.Contains(t, failures[0], "consenttest: accepted all, and all others: the events were decided without an answer")
	require.NoFileExists(t, golden)

	// Nor may somebody edit it to say so.
	t.Setenv("CONSENTTEST_UPDATE", "")
	require.NoError(t, os.WriteFile(golden, []byte(
		"              Amplitude  Facebook Pixel\naccepted all          1               -\nrejected all          1               -\n"), 0o600))
	require.Contains(t, failtest.One(t, func(tb testing.TB) { consenttest.Run(tb, leaking, table) }), leak)
}

func TestGoldenFileTakesWhatTheSiteAddsToThePolicy(t *testing.T) {
	t.Setenv("CONSENTTEST_UPDATE", "1")
	presuming := func(o middleware.Options) func(r *consenttest.Recorder) http.Handler {
		return func(r *consenttest.Recorder) http.Handler { return middleware.New(o)(tracker(r)) }
	}
	table := consenttest.Table{Visitors: asked.Visitors(), Destinations: columns, Golden: filepath.Join(t.TempDir(), "golden")}
	consenttest.Run(t, presuming(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}}, Signals: []middleware.Signal{middleware.GPC()},
		Default: func(*http.Request) consent.State { return consent.All(consent.Granted) },
	}), table)

	// A platform's ids, which the site maps to its own names, are not names of the policy.
	table.Visitors = []consenttest.Visitor{{Name: "of a platform", State: consenttest.Grant("C0002")}}
	mapped := middleware.SourceFunc(func(*http.Request) (consent.State, error) { return consenttest.Grant("analytics"), nil })
	consenttest.Run(t, presuming(middleware.Options{Sources: []middleware.Source{mapped}}), table)
}
