package main

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

const (
	closed = "; OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z"
	answer = "OptanonConsent=isGpcEnabled=0&interactionCount=1&AwaitingReconsent=false&groups=C0001%3A1%2C"
)

func token(document string) string {
	return "didomi_token=" + base64.StdEncoding.EncodeToString([]byte(document))
}

// visitors are the same for each platform, with what their orders reach.
var visitors = map[string]map[string]struct {
	cookies  string
	answered bool
	reached  []string
}{
	"onetrust": {
		"no cookie":         {"", false, nil},
		"not yet answered":  {answer + "C0002%3A1%2CC0003%3A1%2CC0004%3A1", false, nil},
		"accepted all":      {answer + "C0002%3A1%2CC0003%3A1%2CC0004%3A1%2CC0005%3A1" + closed, true, []string{"Amplitude", "Facebook Pixel", "Intercom"}},
		"no social media":   {answer + "C0002%3A1%2CC0003%3A1%2CC0004%3A1%2CC0005%3A0" + closed, true, []string{"Amplitude", "Intercom"}},
		"rejected all":      {answer + "C0002%3A0%2CC0003%3A0%2CC0004%3A0" + closed, true, nil},
		"to be asked again": {"OptanonConsent=AwaitingReconsent=true&groups=C0002%3A1%2CC0004%3A0" + closed, true, nil},
		"unreadable":        {"OptanonConsent=" + closed, false, nil},
	},
	"cookiebot": {
		"no cookie":    {"", false, nil},
		"not asked":    {"CookieConsent=-1", false, nil},
		"accepted all": {"CookieConsent={stamp:%27a=%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27%2Cver:1}", true, []string{"Amplitude", "Facebook Pixel", "Intercom"}},
		"statistics":   {"CookieConsent={necessary:true%2Cpreferences:false%2Cstatistics:true%2Cmarketing:false%2Cver:1}", true, []string{"Amplitude"}},
		"rejected all": {"CookieConsent=0", true, nil},
		"unreadable":   {"CookieConsent=yes", false, nil},
	},
	"didomi": {
		"no cookie":        {"", false, nil},
		"not yet answered": {token(`{"user_id":"1","version":null}`), false, nil},
		"accepted all":     {token(`{"purposes":{"enabled":["audience-Xy12Ab","chat-Qw34Cd","ads-Er56Ef"]}}`), true, []string{"Amplitude", "Facebook Pixel", "Intercom"}},
		"no advertising":   {token(`{"purposes":{"enabled":["audience-Xy12Ab"],"disabled":["ads-Er56Ef"]}}`), true, []string{"Amplitude"}},
		"rejected all":     {token(`{"purposes":{"disabled":["audience-Xy12Ab","chat-Qw34Cd","ads-Er56Ef"]}}`), true, nil},
		"unreadable":       {"didomi_token=accepted", false, nil},
	},
}

// Every visitor comes to a running server twice: to look, and to order.
func TestOrdersReachWhatTheVisitorAllowed(t *testing.T) {
	for platform, cases := range visitors {
		for name, visitor := range cases {
			t.Run(platform+"/"+name, func(t *testing.T) {
				var segment consenttest.Recorder
				server := httptest.NewServer(sites(consent.New(&segment, policy, nil)))
				defer server.Close()

				page := ask(t, "GET", server.URL+"/"+platform, visitor.cookies)
				require.Equal(t, visitor.answered, strings.HasPrefix(page, "answered: true\n"), page)
				ask(t, "POST", server.URL+"/"+platform, visitor.cookies)
				for _, destination := range []string{"Amplitude", "Facebook Pixel", "Intercom"} {
					reached := 0
					for _, allowed := range visitor.reached {
						if allowed == destination {
							reached = 1
						}
					}
					segment.RequireReached(t, destination, reached)
					require.Equal(t, reached == 1, strings.Contains(page, destination+": allowed, "), page)
				}
			})
		}
	}
	require.Len(t, visitors, len(sources), "a platform without visitors")
}

func ask(t *testing.T, method, url, cookies string) (body string) {
	r, err := http.NewRequest(method, url, nil)
	require.NoError(t, err)
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(content)
}
