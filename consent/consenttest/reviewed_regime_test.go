package consenttest

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/failtest"
	"github.com/go-consent/segment/middleware/regime"
)

// The review covers what the site's Defaults really grant: they are compared with the regimes
// that the register states.
func TestTheDefaultsOfTheMiddlewareAreReviewed(t *testing.T) {
	rules := regime.MustCompile(regime.Config{
		Categories: map[string][]regime.Purpose{"analytics": {regime.Statistics}},
		Where:      regime.Cloudflare,
	})
	in := func(country string) consent.State {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("CF-IPCountry", country)
		return rules.Default(r).Presume()
	}
	r := review(t)
	r.Regimes = map[string]consent.State{"eu": in("DE")}
	t.Setenv("CONSENTTEST_UPDATE", "1")
	RequireReviewed(t, r)

	r.Regimes["uk"] = in("GB")
	failure := failtest.One(t, func(tb testing.TB) { RequireReviewed(tb, r) })
	require.Contains(t, failure, `no answer in "uk"`)
	require.Contains(t, failure, `unasked: Amplitude: visitors in regime "uk" are not asked`)
	require.Equal(t, 2, strings.Count(failure, "register.json:"))
	require.NotContains(t, failure, string(destinations.RuleTable)+":")
}
