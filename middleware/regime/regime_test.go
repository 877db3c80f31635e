package regime_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/regime"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics":   {"Amplitude"},
	"advertising": {"Facebook Pixel"},
	"chat":        {"Intercom"},
	"research":    {"Mixpanel"},
}})

// rules are those of a site whose research also serves advertising.
var rules = regime.MustCompile(regime.Config{
	Categories: map[string][]regime.Purpose{
		"analytics":   {regime.Statistics},
		"advertising": {regime.Advertising},
		"chat":        {regime.Functional},
		"research":    {regime.Statistics, regime.Advertising},
	},
	Where: regime.CloudFront,
})

// requestFrom is a request as a server sees it, from a place such as "US-CA".
func requestFrom(place string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	country, region, _ := strings.Cut(place, "-")
	if country != "" {
		r.Header.Set("CloudFront-Viewer-Country", country)
	}
	if region != "" {
		r.Header.Set("CloudFront-Viewer-Country-Region", region)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// reached returns the destinations that an event of the sender of r would go to.
func reached(t *testing.T, r *http.Request) map[string]consent.Reason {
	t.Helper()
	state, err := middleware.Read(r, middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC(rules.Categories(regime.Advertising)...)},
		Default: rules.Default,
	})
	require.NoError(t, err)
	return allowed(state)
}

func allowed(s consent.State) map[string]consent.Reason {
	open := make(map[string]consent.Reason)
	for v := range policy.Decide(s).Verdicts() {
		if v.Allowed {
			open[v.Destination] = v.Reason
		}
	}
	return open
}

func presumed(names ...string) map[string]consent.Reason {
	open := make(map[string]consent.Reason)
	for _, name := range names {
		open[name] = consent.ReasonPresumed
	}
	return open
}

func TestVisitorsWhoHaveNotAnswered(t *testing.T) {
	for _, test := range []struct {
		place string
		want  map[string]consent.Reason
	}{
		{"DE", presumed()},
		{"GB", presumed("Amplitude")}, // what is for advertising, too, is opt-in
		{"GB-ENG", presumed("Amplitude")},
		{"US-CA", presumed("Amplitude", "Facebook Pixel", "Intercom", "Mixpanel")},
		{"US", presumed("Amplitude", "Facebook Pixel", "Intercom", "Mixpanel")},
		{"US-PR", presumed()}, // a part that the table does not list
		{"US-?", presumed()},  // what App Engine says of a part that it does not know
		{"PR", presumed()},
		{"CA", presumed()}, // Canada, not California
		{"ZZ", presumed()},
		{"T1", presumed()},
		{"XX", presumed()},
		{"", presumed()},
		{"-CA", presumed()}, // a state without its country
	} {
		t.Run(test.place, func(t *testing.T) {
			require.Equal(t, test.want, reached(t, requestFrom(test.place)))
		})
	}
}

func TestAnswersCountInEveryRegime(t *testing.T) {
	denied := "tracking-preferences=" + `{"version":1,"custom":{"analytics":false}}`
	granted := "tracking-preferences=" + `{"version":1,"custom":{"advertising":true}}`
	for _, place := range []string{"DE", "GB", "US-CA", ""} {
		require.Empty(t, reached(t, requestFrom(place, "Cookie", denied)), "the Default is for those without any answer")
		require.Equal(t, map[string]consent.Reason{"Facebook Pixel": consent.ReasonCategoriesGranted},
			reached(t, requestFrom(place, "Cookie", granted)))
	}
}

func TestGPCCountsInEveryRegime(t *testing.T) {
	override := regime.MustCompile(regime.Config{
		Categories: map[string][]regime.Purpose{"advertising": {regime.Advertising}},
		Where:      regime.CloudFront,
		Overrides:  map[string]regime.Regime{"JP": {Advertising: regime.NotNeeded}},
	})
	for _, row := range append(regime.Table(), regime.Regime{}) {
		open := reached(t, requestFrom(row.Place, "Sec-GPC", "1"))
		require.NotContains(t, open, "Facebook Pixel", row.Place)
		require.NotContains(t, open, "Mixpanel", row.Place)
	}
	state, err := middleware.Read(requestFrom("JP", "Sec-GPC", "1"), middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC(override.Categories(regime.Advertising)...)},
		Default: override.Default,
	})
	require.NoError(t, err)
	require.Empty(t, allowed(state))
}

func TestGrantsStayPresumedThroughAQueue(t *testing.T) {
	ctx := middleware.Context(requestFrom("GB"), middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}}, Default: rules.Default,
	})
	text := consent.Text(ctx)
	require.Contains(t, text, "~")
	ctx, err := consent.WithText(context.Background(), text)
	require.NoError(t, err)
	require.Equal(t, presumed("Amplitude"), allowed(consent.FromContext(ctx)))
	require.False(t, consent.FromContext(ctx).Answered())

	alone := rules.Default(requestFrom("US")) // without the middleware
	require.Equal(t, consent.Granted, alone.Category("advertising"))
	require.False(t, alone.Answered())
}

func TestWithoutWhereEverybodyIsAsked(t *testing.T) {
	blind := regime.MustCompile(regime.Config{Categories: map[string][]regime.Purpose{"analytics": {regime.Statistics}}})
	for _, row := range regime.Table() {
		r := requestFrom(row.Place, "CF-IPCountry", "US", "X-AppEngine-Country", "US")
		require.Equal(t, consent.NewState(nil), blind.Default(r), row.Place)
		require.Equal(t, regime.Regime{}, blind.Of(r))
	}
}

func TestNoRulesDenyEverything(t *testing.T) {
	var none *regime.Rules
	require.Equal(t, consent.All(consent.Denied), none.Default(requestFrom("US")))
	require.Equal(t, regime.Regime{}, none.Of(requestFrom("US")))
	require.Equal(t, regime.Regime{}, none.For("US", "CA"))
	require.Equal(t, regime.OptIn, none.Rule(regime.Regime{Statistics: regime.NotNeeded}, "analytics"))
	require.Nil(t, none.Categories(regime.Advertising), "with which GPC denies everything")
	require.ErrorIs(t, none.Check(policy), regime.ErrConfig)
	require.Equal(t, consent.NewState(nil), rules.Default(nil))
	w := httptest.NewRecorder()
	none.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, regime.Regime{}, regime.FromContext(r.Context()))
		w.WriteHeader(http.StatusTeapot)
	})).ServeHTTP(w, requestFrom("US"))
	require.Equal(t, http.StatusTeapot, w.Code)
}

func TestLogsNameTheRegimeThatCounted(t *testing.T) {
	asked := 0
	site := regime.MustCompile(regime.Config{
		Categories: map[string][]regime.Purpose{"analytics": {regime.Statistics}},
		Where: func(*http.Request) (string, string) {
			asked++
			return "GB", ""
		},
	})
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	h := site.Handler(middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}}, Default: site.Default,
	})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		require.Equal(t, consent.Granted, consent.FromContext(r.Context()).Category("analytics"))
		require.Equal(t, "GB", site.Of(r).Place)
		require.Equal(t, regime.Regime{}, rules.Of(r), "other Rules look for themselves")
		logger.InfoContext(r.Context(), "request", "regime", regime.FromContext(r.Context()))
	})))
	h.ServeHTTP(httptest.NewRecorder(), requestFrom(""))
	require.Equal(t, 1, asked, "one look at the request")
	require.Contains(t, log.String(), "regime.place=GB regime.functional=opt-in regime.statistics=opt-out regime.advertising=opt-in regime.as_of=")
	require.Equal(t, "unknown: functional opt-in, statistics opt-in, advertising opt-in", regime.FromContext(context.Background()).String())
	var none context.Context // must not panic
	require.Equal(t, regime.Regime{}, regime.FromContext(none))
}

func TestCategoryOfSeveralPurposesHasStrictestRule(t *testing.T) {
	all := []regime.Purpose{regime.Functional, regime.Statistics, regime.Advertising}
	site := regime.MustCompile(regime.Config{Categories: map[string][]regime.Purpose{
		"both": {regime.Statistics, regime.Advertising}, "in the other order": {regime.Advertising, regime.Statistics}, "all": all,
	}})
	for f := regime.OptIn; f <= regime.NotNeeded; f++ {
		for s := regime.OptIn; s <= regime.NotNeeded; s++ {
			for a := regime.OptIn; a <= regime.NotNeeded; a++ {
				r := regime.Regime{Functional: f, Statistics: s, Advertising: a}
				require.Equal(t, min(s, a), site.Rule(r, "both"))
				require.Equal(t, min(s, a), site.Rule(r, "in the other order"))
				require.Equal(t, min(f, s, a), site.Rule(r, "all"))
			}
		}
	}
}

func TestNames(t *testing.T) {
	text, err := regime.OptOut.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "opt-out", string(text))
	require.Equal(t, "Rule(7)", regime.Rule(7).String())
	require.Equal(t, regime.OptIn, regime.Regime{Statistics: regime.NotNeeded}.Rule("marketing"))
	require.Equal(t, []string{"advertising", "research"}, rules.Categories(regime.Advertising))
}

func BenchmarkDefault(b *testing.B) {
	r := requestFrom("US-CA")
	b.ReportAllocs()
	for b.Loop() {
		if rules.Default(r) == consent.NewState(nil) {
			b.Fatal("nothing is granted")
		}
	}
}
