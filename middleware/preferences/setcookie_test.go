package preferences_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
)

// Many proxies accept 4 KB of response headers. The cookie of 80 destinations takes most of that,
// so little room is left for other headers.
func TestHeadersStayBelowTheLimitOfProxies(t *testing.T) {
	vendors := []string{
		"Google Analytics 4 Web", "Facebook Pixel", "Amplitude", "Mixpanel", "Braze", "HubSpot", "Intercom",
		"Salesforce Marketing Cloud", "Customer.io", "Google Ads Conversions", "LinkedIn Insight Tag", "TikTok Pixel",
		"Pinterest Tag", "Snapchat Conversions API", "Twitter Ads", "Bing Ads", "Criteo", "Hotjar", "FullStory", "Heap",
	}
	c := destinations.Config{Categories: map[string][]string{"advertising": nil, "functional": nil, "marketingAndAnalytics": nil}}
	for i := range 80 {
		category := []string{"advertising", "functional", "marketingAndAnalytics"}[i%3]
		c.Categories[category] = append(c.Categories[category], fmt.Sprintf("%s %c", vendors[i%20], 'A'+i/20))
	}
	policy := destinations.MustCompile(c)
	b := newBench()
	b.Policy, b.Expand, b.ForgetIdentity = policy, policy.Expand, true
	require.NoError(t, b.Check())
	cookies := ""
	for _, answer := range []string{"answer=accept", "answer=deny", "category.advertising=on", "answer=accept"} {
		w := b.do(request{method: "POST", body: answer, form: true, cookies: "ajs_anonymous_id=v; ajs_user_id=u; " + cookies})
		require.Equal(t, http.StatusSeeOther, w.Code)
		var header strings.Builder
		require.NoError(t, w.Result().Header.Write(&header))
		answerLine := len(w.Header()["Set-Cookie"][0])
		require.Less(t, header.Len(), 4<<10)
		require.Less(t, header.Len()-answerLine, 900, "beside the answer")
		cookies = sentBack(w)
	}
}
