package consenttest_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

var sites = map[string]consenttest.Site{
	"the zero Site": {},
	"with destinations": {Categories: map[string][]string{
		"analytics": {"Amplitude", "Mixpanel"}, "advertising": {"Facebook Pixel", "Mixpanel"}, "functional": nil,
	}},
	"one category": {Categories: map[string][]string{"analytics": {"Amplitude"}}},
	"names to escape": {Categories: map[string][]string{
		`a"b\c;d,e%41 f&<g>`: {"Customer.io", "Café 🎯", "Webhooks (Actions);=", "\x01"},
		"日本語":                {"a+b", "Café 🎯"},
	}},
}

// The cookie package is the reader: it is tested against the real script.
func TestVisitorsAreReadAsTheirState(t *testing.T) {
	for name, site := range sites {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for _, v := range site.Visitors() {
				require.False(t, seen[v.Name], "two visitors are called %s", v.Name)
				seen[v.Name] = true
				state, err := cookie.Codec{}.Consent(v.Request("GET", "/", nil))
				require.Equal(t, v.State, state, "%s: %v", v.Name, err)
				require.Equal(t, v.State == consent.All(consent.Denied), err != nil, v.Name)
			}
		})
	}
}

func TestVisitorsAcceptAndRejectEachCategory(t *testing.T) {
	names := map[string]bool{}
	for _, v := range sites["with destinations"].Visitors() {
		names[v.Name] = true
	}
	for _, category := range []string{"advertising", "analytics", "functional"} {
		require.Contains(t, names, "accepted only "+category)
		require.Contains(t, names, "rejected only "+category)
	}
}

// What the Consent Manager 5.8.1 saved in headless Chromium, with the categories of
// this Site, for a visitor who accepted Analytics and Chat.
func TestCookieIsThatOfTheConsentManager(t *testing.T) {
	site := consenttest.Site{Categories: map[string][]string{
		"Analytics": {"Amplitude", "Google Analytics"}, "Ads & Stuff": {"AdWords", "Facebook Pixel", "Amplitude"}, "Chat": {"Intercom"},
	}}
	captured, err := cookie.Decode("{%22version%22:1%2C%22destinations%22:{%22AdWords%22:false%2C%22Amplitude%22:false%2C%22Facebook%20Pixel%22:false%2C%22Google%20Analytics%22:true%2C%22Intercom%22:true}%2C%22custom%22:{%22Analytics%22:true%2C%22Ads%20&%20Stuff%22:false%2C%22Chat%22:true}}")
	require.NoError(t, err)
	for _, v := range site.Visitors() {
		if v.Name == "rejected only Ads & Stuff" {
			require.Equal(t, captured, v.State)
			require.Equal(t, []string{"tracking-preferences={%22version%22:1%2C%22destinations%22:{%22AdWords%22:false%2C%22Amplitude%22:false%2C%22Facebook%20Pixel%22:false%2C%22Google%20Analytics%22:true%2C%22Intercom%22:true}%2C%22custom%22:{%22Ads%20&%20Stuff%22:false%2C%22Analytics%22:true%2C%22Chat%22:true}}"},
				v.Request("GET", "/", nil).Header["Cookie"])
			return
		}
	}
	t.Fatal("no such visitor")
}

// A real server receives each request unchanged.
func TestRequestsAreShapedAsAServerSeesThem(t *testing.T) {
	var served http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		served = r.Header
	}))
	defer server.Close()
	for _, v := range (sites["names to escape"]).Visitors() {
		r := v.Request("GET", "/order?id=1", nil)
		require.Empty(t, r.URL.Scheme, "no server sets it")
		require.Empty(t, r.URL.Host, "no server sets it")
		require.Equal(t, "/order?id=1", r.RequestURI)
		require.NotEmpty(t, r.RemoteAddr)

		var raw bytes.Buffer
		require.NoError(t, r.Write(&raw))
		sent, err := http.ReadRequest(bufio.NewReader(&raw))
		require.NoError(t, err)
		sent.RequestURI = ""
		sent.URL.Scheme, sent.URL.Host = "http", server.Listener.Addr().String()
		response, err := http.DefaultClient.Do(sent)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, r.Header["Cookie"], served["Cookie"], v.Name)
		require.Equal(t, r.Header["Sec-Gpc"], served["Sec-Gpc"])
	}
}

func TestVisitorsWithSignals(t *testing.T) {
	withSignal := 0
	for _, v := range (consenttest.Site{}).Visitors() {
		r := v.Request("POST", "/", bytes.NewReader([]byte("body")))
		state, err := middleware.Read(r, middleware.Options{
			Sources: []middleware.Source{cookie.Codec{}},
			Signals: []middleware.Signal{middleware.GPC()},
		})
		if r.Header.Get("Sec-GPC") == "1" {
			require.NoError(t, err)
			require.Equal(t, consent.All(consent.Denied), state)
			withSignal++
		} else {
			require.Equal(t, v.State, state)
		}
	}
	require.Equal(t, 2, withSignal)
}
