package preferences_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
)

// Under an opt-out policy, a denial of everything also covers destinations without a category,
// and the visitor can undo it.
func TestDenialOfEverythingWithoutExpand(t *testing.T) {
	policy := destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"advertising": {"Facebook Pixel"}, "analytics": {"Amplitude"}},
		ServerOnly: []string{"Uncategorised"}, OptOut: true, Imply: true,
	})
	require.True(t, policy.Decide(consent.NewState(nil)).Allows("Uncategorised"))
	for name, damaged := range map[string]string{"a denial": "", "a denial after a cookie that cannot be read": cookie.DefaultName + "={"} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.Policy, b.Expand = policy, nil
			w := b.do(request{method: "POST", body: "answer=deny", form: true, cookies: damaged})
			require.False(t, policy.Decide(saved(t, w)).Allows("Uncategorised"))
			w = b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: sentBack(w)})
			decision := policy.Decide(saved(t, w))
			require.False(t, decision.Allows("Uncategorised"))
			require.True(t, decision.Allows("Amplitude"))
			w = b.do(request{method: "POST", body: "answer=accept", form: true, cookies: sentBack(w)})
			require.True(t, policy.Decide(saved(t, w)).Allows("Facebook Pixel"))
		})
	}
}

// A first answer by name is about that name alone, although a cookie that names one destination
// closes the others.
func TestFirstAnswerByNameWithoutExpand(t *testing.T) {
	b := newBench()
	b.Expand = nil
	before := consent.NewState(m{"advertising": true, "analytics": true, "functional": true})
	w := b.do(request{method: "POST", body: `{"destinations":{"Braze":false}}`, cookies: held(t, before)})
	require.Equal(t, m{"Amplitude": true, "Actions Amplitude": true, "Facebook Pixel": true, "Braze": false},
		m(maps.Collect(saved(t, w).Destinations())))

	// Nor does it close what an answer for everything accepts.
	w = b.do(request{method: "POST", body: `{"destinations":{"Braze":true}}`})
	w = b.do(request{method: "POST", body: "answer=accept", form: true, cookies: sentBack(w)})
	decision := sitePolicy.Decide(saved(t, w))
	for _, name := range []string{"Amplitude", "Braze", "Facebook Pixel"} {
		require.True(t, decision.Allows(name), name)
	}
}

// A grant by name counts, and stays, where its category has no answer.
func TestGrantByNameWithExpand(t *testing.T) {
	b := newBench()
	w := b.do(request{method: "POST", body: `{"destinations":{"Amplitude":true}}`})
	require.True(t, sitePolicy.Decide(saved(t, w)).Allows("Amplitude"))
	w = b.do(request{method: "POST", body: `{"categories":{"advertising":true}}`, cookies: sentBack(w)})
	require.True(t, sitePolicy.Decide(saved(t, w)).Allows("Amplitude"))
	w = b.do(request{method: "POST", body: `{"categories":{"analytics":false}}`, cookies: sentBack(w)})
	require.False(t, saved(t, w).Destination("Amplitude") == consent.Granted)
}

// The script does not load analytics.js if only strictly necessary destinations are allowed.
func TestNoStrictlyNecessaryDestinationAlone(t *testing.T) {
	b := newBench()
	w := b.do(request{method: "POST", body: `{"categories":{"analytics":true},"destinations":{"Amplitude":false}}`})
	for name, granted := range saved(t, w).Destinations() {
		require.False(t, granted, name)
	}
}

// What only a Default grants is neither written nor shown.
func TestPresumedGrantsAreNotAnAnswer(t *testing.T) {
	b := newBench()
	b.Expand = func(s consent.State) consent.State {
		return s.Or(consent.NewState(m{"advertising": true, "functional": true}).WithDestinations(m{"Hotjar": true}).Presume())
	}
	w := b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`})
	got := show(t, w)
	require.Equal(t, m{"analytics": true}, got.Categories)
	require.NotContains(t, got.Destinations, "Hotjar")
	require.Equal(t, got.Categories, m(maps.Collect(saved(t, w).Categories())))
	require.NotContains(t, maps.Collect(saved(t, w).Destinations()), "Hotjar")
}

// A cookie for the host alone is kept, whatever a proxy does to the Host header.
func TestHostCookieBehindAProxy(t *testing.T) {
	b := newBench()
	b.Codec = cookie.Codec{Template: http.Cookie{Name: "__Host-p"}}
	for _, answer := range []string{"answer=accept", "answer=deny"} {
		r := httptest.NewRequest("POST", "https://app.internal.example/preferences", strings.NewReader(answer))
		r.Header = http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://shop.example.com"}, "Sec-Fetch-Site": {"same-origin"},
		}
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "__Host-p", w.Result().Cookies()[0].Name)
		require.Empty(t, w.Result().Cookies()[0].Domain)
		require.Empty(t, b.errs)
	}
}
