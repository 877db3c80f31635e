package consenttest_test

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/adopt"
	"github.com/go-consent/segment/cookie/adroll"
	"github.com/go-consent/segment/cookie/axeptio"
	"github.com/go-consent/segment/cookie/complianz"
	"github.com/go-consent/segment/cookie/cookiebot"
	"github.com/go-consent/segment/cookie/cookieyes"
	"github.com/go-consent/segment/cookie/custom"
	"github.com/go-consent/segment/cookie/didomi"
	"github.com/go-consent/segment/cookie/gpp"
	"github.com/go-consent/segment/cookie/iubenda"
	"github.com/go-consent/segment/cookie/klaro"
	"github.com/go-consent/segment/cookie/mirror"
	"github.com/go-consent/segment/cookie/onetrust"
	"github.com/go-consent/segment/cookie/orejime"
	"github.com/go-consent/segment/cookie/orestbida"
	"github.com/go-consent/segment/cookie/osano"
	"github.com/go-consent/segment/cookie/tarteaucitron"
	"github.com/go-consent/segment/cookie/tcf"
	"github.com/go-consent/segment/cookie/trustarc"
	"github.com/go-consent/segment/cookie/usprivacy"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

var platformSources = map[string]middleware.Source{
	"adopt":         adopt.Source{},
	"adroll":        adroll.Source{TCF: tcf.Source{}.Decode},
	"axeptio":       axeptio.Source{},
	"complianz":     complianz.Source{},
	"cookiebot":     cookiebot.Source{},
	"cookieyes":     cookieyes.Source{},
	"custom":        custom.Source{},
	"didomi":        didomi.Source{},
	"gpp":           gpp.Source{},
	"iubenda":       iubenda.Source{},
	"klaro":         klaro.Source{},
	"mirror":        mirror.Source{},
	"onetrust":      onetrust.Source{},
	"orejime":       orejime.Source{},
	"orestbida 2":   orestbida.Source{Categories: []string{"necessary", "analytics", "ads"}},
	"orestbida 3":   orestbida.Source{},
	"osano":         osano.Source{},
	"tarteaucitron": tarteaucitron.Source{},
	"tcf":           tcf.Source{},
	"trustarc":      trustarc.Source{},
	"usprivacy":     usprivacy.Source{},
}

// unasked is a category of the site that no cookie names.
const unasked = "of no platform"

// Every visitor is read by the real Source, behind the real middleware. What the events may
// reach is computed from the answer that is written down for the visitor, and not from what
// the Source read.
func TestVisitorsOfEveryPlatformEndToEnd(t *testing.T) {
	require.Equal(t, consenttest.Platforms(), slices.Sorted(maps.Keys(platformSources)))
	for platform, source := range platformSources {
		visitors := consenttest.Platform(platform)
		for law, optOut := range map[string]bool{"opt-in": false, "opt-out": true} {
			t.Run(platform+"/"+law, func(t *testing.T) {
				config := destinations.Config{Categories: categoriesOf(visitors), OptOut: optOut}
				var states []consent.State
				var errs []error
				options := middleware.Options{
					Sources: []middleware.Source{source},
					OnError: func(_ *http.Request, err error) { errs[len(errs)-1] = err },
				}
				consenttest.Run(t, func(recorder *consenttest.Recorder) http.Handler {
					client := consent.New(recorder, destinations.MustCompile(config), nil)
					read := middleware.New(options)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						state := consent.FromContext(r.Context())
						states = append(states, state)
						_ = client.For(r.Context()).Enqueue(analytics.Track{UserId: "u", Event: "Viewed"})
					}))
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						errs = append(errs, nil)
						read.ServeHTTP(w, r)
					})
				}, consenttest.Table{
					Visitors:     visitors,
					Destinations: destinationsOf(config),
					Reached:      reachedBy(visitors, config),
				})
				for i, v := range visitors {
					require.Equal(t, v.State, states[i], v.Name)
					if v.State == consent.All(consent.Denied) {
						require.ErrorIs(t, errs[i], cookie.ErrMalformed, v.Name)
					} else {
						require.NoError(t, errs[i], v.Name)
					}
				}
			})
		}
	}
}

// categoriesOf returns a category, with a destination, for every name that a visitor
// answered, and one more.
func categoriesOf(visitors []consenttest.Visitor) map[string][]string {
	categories := map[string][]string{unasked: {"for " + unasked}}
	for _, v := range visitors {
		for category := range v.State.Categories() {
			categories[category] = []string{"for " + category}
		}
	}
	return categories
}

func destinationsOf(config destinations.Config) (all []string) {
	for _, members := range config.Categories {
		all = append(all, members...)
	}
	return slices.Sorted(slices.Values(all))
}

func reachedBy(visitors []consenttest.Visitor, config destinations.Config) map[string][]string {
	reached := make(map[string][]string)
	for _, v := range visitors {
		reached[v.Name] = nil
		if v.State.Rest() == consent.Denied {
			continue // who refused all there is refused every destination by name too
		}
		for category, members := range config.Categories {
			answer := v.State.Category(category)
			if answer == consent.Granted || config.OptOut && answer == consent.Unknown {
				reached[v.Name] = append(reached[v.Name], members...)
			}
		}
	}
	return reached
}

// The names of the visitors say what they answered, and each platform has one of each kind.
func TestVisitorsOfEveryPlatformAreWhatTheyAreCalled(t *testing.T) {
	optOutsOnly := []string{"gpp", "usprivacy"}
	for _, platform := range consenttest.Platforms() {
		kinds := make(map[string]int)
		for _, v := range consenttest.Platform(platform) {
			name, ok := strings.CutPrefix(v.Name, platform+": ")
			require.True(t, ok, v.Name)
			kind, _, _ := strings.Cut(strings.ReplaceAll(name, ":", ","), ",")
			kinds[kind]++
			granted, denied := 0, 0
			for _, yes := range v.State.Categories() {
				if yes {
					granted++
				} else {
					denied++
				}
			}
			switch kind {
			case "never asked":
				require.Empty(t, v.Request("GET", "/", nil).Header, v.Name)
				require.Equal(t, consent.NewState(nil), v.State, v.Name)
			case "not answered", "not opted out", "law does not apply":
				require.NotEmpty(t, v.Request("GET", "/", nil).Cookies(), v.Name)
				require.Equal(t, consent.NewState(nil), v.State, v.Name)
			case "accepted all":
				require.True(t, granted > 0 && denied == 0, v.Name)
			case "rejected all", "declined", "dismissed":
				require.LessOrEqual(t, granted, 1, "%s: all but what is necessary", v.Name)
				require.True(t, denied > 0 || v.State.Rest() == consent.Denied, v.Name)
			case "partial":
				require.True(t, granted+denied > 0 && v.State.Rest() == consent.Unknown, v.Name)
			case "malformed", "answered":
				require.Equal(t, consent.All(consent.Denied), v.State, v.Name)
			default:
				require.Fail(t, "a name that says nothing of the answer", v.Name)
			}
		}
		want := []string{"never asked", "not answered", "accepted all", "rejected all", "malformed"}
		if slices.Contains(optOutsOnly, platform) {
			want[2] = "not opted out"
		}
		for _, kind := range want {
			require.NotZero(t, kinds[kind], "%s: %s", platform, kind)
		}
	}
}

func TestPlatformsAreThePackagesUnderCookie(t *testing.T) {
	entries, err := os.ReadDir("../../cookie")
	require.NoError(t, err)
	var packages []string
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "testdata" {
			packages = append(packages, entry.Name())
		}
	}
	var named []string
	for _, platform := range consenttest.Platforms() {
		name, _, _ := strings.Cut(platform, " ")
		named = append(named, name)
	}
	require.Equal(t, packages, slices.Compact(named))
}

func TestPlatformPanicsForAnUnknownName(t *testing.T) {
	require.PanicsWithValue(t, `consenttest: no platform is named "OneTrust"; the names are `+quoted(consenttest.Platforms()),
		func() { consenttest.Platform("OneTrust") })
}

func quoted(names []string) string { return `["` + strings.Join(names, `" "`) + `"]` }

func TestPlatformReturnsACopy(t *testing.T) {
	consenttest.Platform("onetrust")[0] = consenttest.Visitor{}
	require.Equal(t, "onetrust: never asked", consenttest.Platform("onetrust")[0].Name)
}

// Of an answer that was read no reason says that it was not, and the other way round.
func TestReasonsOfAnswersThatWereRead(t *testing.T) {
	for _, platform := range consenttest.Platforms() {
		visitors := consenttest.Platform(platform)
		policy := destinations.MustCompile(destinations.Config{Categories: categoriesOf(visitors), OptOut: true})
		for _, v := range visitors {
			for verdict := range policy.Decide(v.State).Verdicts() {
				unread := v.State == consent.All(consent.Denied)
				require.Equal(t, unread, verdict.Reason == consent.ReasonNothingRead, "%s, %s: %s", platform, v.Name, verdict)
			}
		}
	}
}
