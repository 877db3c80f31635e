package consenttest_test

import (
	"net/http"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/failtest"
)

func TestNoTestPassesWithoutEnforcement(t *testing.T) {
	p := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}})
	off := &consent.Options{DangerouslySendUnchanged: func(analytics.Message, consent.Decision, consent.Reason) {}}
	var recorder consenttest.Recorder
	client := consent.New(&recorder, p, off).With(consenttest.Grant("analytics"))
	require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	require.Len(t, recorder.Events(), 1)
	require.Empty(t, recorder.Suppressed())
	for name, call := range map[string]func(testing.TB){
		"RequireReached":    func(tb testing.TB) { recorder.RequireReached(tb, "Amplitude", 1) },
		"RequireNotReached": func(tb testing.TB) { recorder.RequireNotReached(tb, "Amplitude") },
		"RequireSuppressed": func(tb testing.TB) { recorder.RequireSuppressed(tb, "", 0) },
		"RequireDenied":     func(tb testing.TB) { recorder.RequireDenied(tb, "Amplitude", "", 0) },
		"RequireHonoured": func(tb testing.TB) {
			consenttest.RequireHonoured(tb, &recorder, p, consenttest.Answers{"u": consenttest.Grant("analytics")})
		},
		"RunAtOnce": func(tb testing.TB) {
			consenttest.RunAtOnce(tb, func(r *consenttest.Recorder) http.Handler {
				return http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
					_ = consent.New(r, p, off).For(q.Context()).Enqueue(analytics.Track{UserId: q.URL.Path[1:], Event: "e"})
				})
			}, nil, func(v consenttest.Visitor, user string) *http.Request { return v.Request("GET", "/"+user, nil) })
		},
		"Where": func(tb testing.TB) {
			recorder.Where(consenttest.Filter{Event: "e"}).RequireReached(tb, "Amplitude", 1)
		},
		"Run": func(tb testing.TB) {
			consenttest.Run(tb, func(r *consenttest.Recorder) http.Handler {
				return http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
					_ = consent.New(r, p, off).For(q.Context()).Enqueue(analytics.Track{UserId: "u", Event: "e"})
				})
			}, consenttest.Table{Destinations: []string{"Amplitude"}, Golden: t.TempDir() + "/golden"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, failtest.One(t, call), "DangerouslySendUnchanged")
		})
	}
	recorder.Reset()
	require.NoError(t, client.Enqueue(analytics.Track{UserId: "u", Event: "e"}))
	require.Contains(t, failtest.One(t, func(tb testing.TB) { recorder.RequireReached(tb, "Amplitude", 1) }), "DangerouslySendUnchanged")
}
