package preferences_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware/preferences"
)

func TestHostOfBrowser(t *testing.T) {
	const deny, grant, mixed = `{"categories":{"analytics":false}}`, `{"categories":{"analytics":true}}`, `{"categories":{"analytics":true,"advertising":false}}`
	configured := func(host string) func(*http.Request) string { return func(*http.Request) string { return host } }
	for _, test := range []struct {
		rule, host, origin string
		configured         func(*http.Request) string
		domain             string // of a Template
		known              bool
		want               string // Domain of the cookie
	}{
		{rule: "no proxy", host: "shop.example.com", origin: "https://shop.example.com", known: true, want: "example.com"},
		{rule: "a port", host: "shop.example.com:8443", origin: "https://shop.example.com:8443", known: true, want: "example.com"},
		{rule: "another host of the site", host: "origin.example.com", origin: "https://shop.example.com", known: true, want: "example.com"},
		{rule: "no Origin", host: "shop.example.com", known: true, want: "example.com"},
		{rule: "a hidden Origin", host: "shop.example.com", origin: "null", known: true, want: "example.com"},
		{rule: "an invalid Origin", host: "shop.example.com", origin: "://", known: true, want: "example.com"},
		{rule: "in development", host: "localhost:8080", origin: "http://localhost:8080", known: true},
		{rule: "an address", host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080", known: true},
		{rule: "an IPv6 address", host: "[::1]:8080", origin: "http://[::1]:8080", known: true},
		{rule: "an internal name", host: "backend:8080", origin: "https://shop.example.com"},
		{rule: "an internal domain", host: "shop.internal.corp.net", origin: "https://shop.example.com"},
		{rule: "an internal address", host: "10.0.0.7:8080", origin: "https://shop.example.com"},
		{rule: "another user of a public suffix", host: "a.github.io", origin: "https://b.github.io"},
		{rule: "the configured host", host: "backend:8080", origin: "https://shop.example.com", configured: configured("shop.example.com"), known: true, want: "example.com"},
		{rule: "the configured host, without Origin", host: "backend", configured: configured("shop.example.com:443"), known: true, want: "example.com"},
		{rule: "another than the configured host", host: "shop.example.com", origin: "https://shop.example.com", configured: configured("example.net")},
		{rule: "no configured host", host: "shop.example.com", configured: configured("")},
		{rule: "a Domain of the Template", host: "backend", origin: "https://shop.example.com", domain: ".example.com", known: true, want: "example.com"},
		{rule: "another Domain of the Template", host: "shop.example.com", origin: "https://shop.example.com", domain: "example.net"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			b := newBench()
			b.Host, b.Codec, b.ForgetIdentity = test.configured, cookie.Codec{Template: http.Cookie{Domain: test.domain}}, true
			var told []string
			b.OnAnswer = func(r *http.Request, _, given consent.State) {
				require.Equal(t, test.host, r.Host, "the request is as it arrived")
				told = append(told, given.String())
			}
			do := func(method, body string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(method, "https://shop.example.com/preferences", strings.NewReader(body))
				r.Host = test.host
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				if test.origin != "" {
					r.Header.Set("Origin", test.origin)
				}
				w := httptest.NewRecorder()
				b.ServeHTTP(w, r)
				return w
			}
			w := do("POST", grant)
			if test.known {
				require.Equal(t, 200, w.Code)
				require.Equal(t, test.want, w.Result().Cookies()[0].Domain)
				require.Equal(t, consent.Granted, saved(t, w).Category("analytics"))
				require.Equal(t, 200, do("POST", deny).Code)
				require.Equal(t, 200, do("DELETE", "").Code)
				require.Empty(t, b.errs)
				return
			}
			require.Equal(t, 500, w.Code)
			require.Empty(t, w.Header()["Set-Cookie"])
			require.Empty(t, told)
			require.Empty(t, b.sent(t))
			require.Len(t, b.errs, 1)
			require.ErrorIs(t, b.errs[0], preferences.ErrHost)
			require.Equal(t, 500, do("DELETE", "").Code)
			require.Empty(t, told)

			for _, body := range []string{deny, mixed} {
				w = do("POST", body)
				require.Equal(t, map[string]int{deny: 200, mixed: 500}[body], w.Code)
				after := saved(t, w)
				require.Equal(t, body == deny, after.Category("analytics") == consent.Denied)
				require.Equal(t, body == mixed, after.Category("advertising") == consent.Denied)
				require.NotContains(t, after.String(), "+", "nothing is granted")
				for _, c := range w.Result().Cookies() {
					require.Empty(t, c.Domain, "for the host alone")
				}
				require.Equal(t, after.String(), told[len(told)-1])
			}
		})
	}
}

// A denial for the host alone is sent together with the copy that grants, and wins.
func TestHostOnlyDenialCounts(t *testing.T) {
	b := newBench()
	granted := consent.NewState(m{"analytics": true, "advertising": true, "functional": true})
	origin := http.Header{"Origin": {"https://shop.example.net"}, "Sec-Fetch-Site": {"same-origin"}}
	w := b.do(request{method: "POST", body: `{"categories":{"advertising":true,"analytics":false}}`, cookies: held(t, sitePolicy.Expand(granted)), header: origin})
	require.Equal(t, 500, w.Code)
	after := saved(t, w)
	require.Equal(t, consent.Granted, after.Category("advertising"), "as it was")
	require.Equal(t, consent.Denied, after.Category("analytics"))

	w = b.do(request{method: "GET", cookies: held(t, sitePolicy.Expand(granted)) + "; " + sentBack(w)})
	require.Equal(t, m{"Facebook Pixel": true, "Webhooks": true, "Amplitude": false, "Actions Amplitude": false, "Braze": false}, show(t, w).allowed())
}

// Host-only cookies, as a Consent Manager with an empty cookieDomain sets them: the browser keeps
// them, whichever host it is.
func TestCookiesForTheHostAlone(t *testing.T) {
	b := newBench()
	b.Codec = cookie.Codec{HostOnly: true}
	require.NoError(t, b.Check())
	for _, origin := range []string{"https://shop.example.com", "https://shop.example.net"} {
		q := request{method: "POST", body: `{"categories":{"analytics":true,"advertising":false}}`,
			header: http.Header{"Origin": {origin}, "Sec-Fetch-Site": {"same-origin"}}}
		w := b.do(q)
		require.Equal(t, 200, w.Code, w.Body)
		cookies := w.Result().Cookies()
		require.Len(t, cookies, 2, "the answer and its companion")
		for _, c := range cookies {
			require.Empty(t, c.Domain)
			require.Positive(t, c.MaxAge)
		}
		q = request{method: "DELETE", cookies: sentBack(w), header: q.header}
		w = b.do(q)
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Header()["Set-Cookie"], "tracking-preferences=; Path=/; Max-Age=0; Secure; SameSite=Lax")
	}
	require.Empty(t, b.errs)
	b.Codec = cookie.Codec{HostOnly: true, Template: http.Cookie{Domain: "example.com"}}
	require.ErrorIs(t, b.Check(), cookie.ErrNotEncodable)
}

// A loud codec spells the attributes of its cookie in an unusual way.
type loud struct{ textCodec }

func (l loud) Write(w http.ResponseWriter, r *http.Request, s consent.State) error {
	quiet := httptest.NewRecorder()
	if err := l.textCodec.Write(quiet, r, s); err != nil {
		return err
	}
	for _, line := range quiet.Header()["Set-Cookie"] {
		line = strings.ReplaceAll(strings.ReplaceAll(line, "; Domain=", ";DOMAIN="), "; Path=", ";PATH=")
		w.Header().Add("Set-Cookie", line)
	}
	return nil
}

// Browsers accept an attribute in any casing, with or without a space, and drop a cookie whose
// Domain does not match the host.
func TestDenialForTheHostAloneHasNoDomainInAnySpelling(t *testing.T) {
	b := newBench()
	b.Codec = loud{}
	b.Host = func(*http.Request) string { return "backend.internal.corp.net" }
	header := http.Header{"Origin": {"https://shop.example.com"}, "Sec-Fetch-Site": {"same-origin"}}
	w := b.do(request{method: "POST", body: `{"categories":{"analytics":false}}`, header: header})
	require.Equal(t, 200, w.Code, w.Body)
	for _, line := range w.Header()["Set-Cookie"] {
		require.NotContains(t, strings.ToLower(line), "domain")
		require.Contains(t, strings.ToLower(line), "path=/")
	}
	after, err := loud{}.Consent(&http.Request{Header: http.Header{"Cookie": {sentBack(w)}}})
	require.NoError(t, err)
	require.Equal(t, consent.Denied, after.Category("analytics"))
}

// Old browsers send no Sec-Fetch-Site. Where the Origin is not that of the host, such a
// request cannot be told from one of another site.
func TestRequestsOfOldBrowsersAreComparedWithThePublicHost(t *testing.T) {
	b := newBench()
	q := request{method: "POST", body: "answer=deny", form: true, header: http.Header{"Origin": {"https://www.example.net"}}}
	require.Equal(t, 403, b.do(q).Code)
	b.Host = func(*http.Request) string { return "www.example.net" }
	q.header.Set("Referer", "https://www.example.net/account")
	w := b.do(q)
	require.Equal(t, 303, w.Code)
	require.Equal(t, "/account", w.Header().Get("Location"))
	require.Equal(t, "example.net", w.Result().Cookies()[0].Domain)
}

func TestOnlyWhatNarrowsClearsTheCache(t *testing.T) {
	b := newBench()
	accept := request{method: "POST", body: "answer=accept", form: true}
	w := b.do(accept)
	require.Empty(t, w.Header().Get("Clear-Site-Data"))
	deny := request{method: "POST", body: "answer=deny", form: true, cookies: sentBack(w)}
	require.Equal(t, `"cache"`, b.do(deny).Header().Get("Clear-Site-Data"), "over TLS, as in httptest")
	require.Equal(t, `"cache"`, b.do(request{method: "DELETE", cookies: sentBack(w)}).Header().Get("Clear-Site-Data"))
	for origin, want := range map[string]string{"": "", "http://shop.example.com": "", "https://shop.example.com": `"cache"`} {
		r := httptest.NewRequest("DELETE", "http://shop.example.com/preferences", http.NoBody)
		r.Header.Set("Cookie", sentBack(w))
		r.Header.Set("Origin", origin)
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, r)
		require.Equal(t, 200, rec.Code, rec.Body)
		require.Equal(t, want, rec.Header().Get("Clear-Site-Data"), origin)
	}
}
