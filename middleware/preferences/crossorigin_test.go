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

const page = "https://www.example.com"

// trustPage lets pages on www answer at an endpoint on shop, which is of the same site.
func trustPage(t *testing.T, b *bench) {
	t.Helper()
	b.CrossOrigin = http.NewCrossOriginProtection()
	require.NoError(t, b.CrossOrigin.AddTrustedOrigin(page))
	b.CrossOrigin.SetDenyHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("not used") }))
}

func TestCrossOriginUsesCallersCheck(t *testing.T) {
	for _, test := range []struct {
		what, site, origin string
		status             int // where the page is trusted; where none is, all but the first get 403
	}{
		{"the endpoint's own page", "same-origin", "https://shop.example.com", 200},
		{"the page that is trusted", "same-site", page, 200},
		{"the same, in a browser without Sec-Fetch-Site", "", page, 200},
		{"another page of the site", "same-site", "https://blog.example.com", 403},
		{"the page over plain HTTP", "cross-site", "http://www.example.com", 403},
		{"another site", "cross-site", "https://evil.example", 403},
		{"a sandboxed frame", "cross-site", "null", 403},
	} {
		t.Run(test.what, func(t *testing.T) {
			header := http.Header{"Origin": {test.origin}}
			if test.site != "" {
				header.Set("Sec-Fetch-Site", test.site)
			}
			q := request{method: "POST", body: `{"categories":{"analytics":true}}`, header: header}
			b := newBench()
			trustPage(t, b)
			w := b.do(q)
			require.Equal(t, test.status, w.Code)
			require.Empty(t, b.errs)
			if test.status != 200 {
				require.Empty(t, w.Header()["Set-Cookie"])
				require.Empty(t, b.segment.Events())
			} else {
				require.Equal(t, consent.Granted, saved(t, w).Category("analytics"))
				require.Equal(t, "example.com", w.Result().Cookies()[0].Domain, "which the page reads, too")
				require.Equal(t, 200, b.do(request{method: "DELETE", cookies: sentBack(w), header: header}).Code)
			}

			b = newBench()
			if test.site == "same-origin" {
				require.Equal(t, 200, b.do(q).Code)
			} else {
				require.Equal(t, 403, b.do(q).Code, "without CrossOrigin")
			}
		})
	}
}

// A trusted page of another site does not send the cookie of this one. What it grants could not
// be kept, so the response does not claim it.
func TestTrustedCrossSiteOriginGrantsNothing(t *testing.T) {
	b := newBench()
	b.CrossOrigin = http.NewCrossOriginProtection()
	require.NoError(t, b.CrossOrigin.AddTrustedOrigin("https://www.example.net"))
	header := http.Header{"Origin": {"https://www.example.net"}, "Sec-Fetch-Site": {"cross-site"}}
	w := b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, header: header})
	require.Equal(t, 500, w.Code)
	require.Empty(t, w.Header()["Set-Cookie"])
	require.Len(t, b.errs, 1)
}

// Requests from another site come without the cookie, and browsers drop the cookies of their
// responses, except for a navigation of the window or with SameSite=None. So a grant could undo
// an earlier denial, and a denial that is not kept could be claimed.
func TestTrustedCrossSiteOriginClaimsNothing(t *testing.T) {
	const grant, deny = `{"categories":{"analytics":true}}`, `{"categories":{"analytics":false}}`
	none := http.Cookie{SameSite: http.SameSiteNoneMode, Secure: true}
	for _, test := range []struct {
		what   string
		codec  cookie.Codec
		origin string
		mode   string // of the request: one of a script, or of a window
		kept   bool   // the denial
	}{
		{"a script", cookie.Codec{}, "https://www.example.net", "cors", false},
		{"a script, and a cookie for the host", cookie.Codec{HostOnly: true}, "https://www.example.net", "cors", false},
		{"a script over plain HTTP", cookie.Codec{}, "http://www.example.com", "cors", false},
		{"a script, and SameSite=None", cookie.Codec{Template: none, HostOnly: true}, "https://www.example.net", "cors", true},
		{"a form", cookie.Codec{}, "https://www.example.net", "navigate", true},
		{"a form, and a cookie for the host", cookie.Codec{HostOnly: true}, "https://www.example.net", "navigate", true},
	} {
		t.Run(test.what, func(t *testing.T) {
			b := newBench()
			b.Codec, b.CrossOrigin = test.codec, http.NewCrossOriginProtection()
			require.NoError(t, b.CrossOrigin.AddTrustedOrigin(test.origin))
			header := http.Header{"Origin": {test.origin}, "Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {test.mode}, "Sec-Fetch-Dest": {"empty"}}
			if test.mode == "navigate" {
				header.Set("Sec-Fetch-Dest", "document")
			}
			for _, q := range []request{{method: "POST", body: grant, header: header}, {method: "DELETE", header: header}} {
				w := b.do(q)
				require.Equal(t, 500, w.Code)
				require.Empty(t, w.Header()["Set-Cookie"])
			}
			w := b.do(request{method: "POST", body: deny, header: header})
			if test.kept {
				require.Equal(t, 200, w.Code, w.Body)
				require.Equal(t, consent.Denied, saved(t, w).Category("analytics"))
				return
			}
			require.Equal(t, 500, w.Code)
			require.Empty(t, w.Header()["Set-Cookie"])
			require.Empty(t, b.segment.Events())
			for _, err := range b.errs {
				require.ErrorIs(t, err, preferences.ErrHost)
			}
		})
	}
}

// An old browser does not say that a request comes from another site, but the Origin shows it.
func TestTrustedOriginOfAnotherSiteInAnOldBrowser(t *testing.T) {
	b := newBench()
	b.Codec, b.CrossOrigin = cookie.Codec{HostOnly: true}, http.NewCrossOriginProtection()
	for origin, want := range map[string]int{"https://www.example.net": 500, "https://www.example.com": 200, "": 200} {
		header := http.Header{}
		if origin != "" {
			require.NoError(t, b.CrossOrigin.AddTrustedOrigin(origin))
			header.Set("Origin", origin)
		}
		w := b.do(request{method: "POST", body: `{"categories":{"analytics":true}}`, header: header})
		require.Equal(t, want, w.Code, origin)
	}
}

func TestCrossOriginFormRedirectsBack(t *testing.T) {
	for _, test := range []struct {
		what, site, origin, referer, field, want string
		trusting                                 bool
	}{
		{"the field is a path of the page's host", "same-site", page, "", "/account", page + "/account", true},
		{"a browser without Sec-Fetch-Site", "", page, "", "/account", page + "/account", true},
		{"the page itself", "same-site", page, page + "/shop?a=1", "", page + "/shop?a=1", true},
		{"a Referer of the origin alone, as browsers send it", "same-site", page, page + "/", "", page + "/", true},
		{"a Referer of somebody else", "same-site", page, "https://evil.example/shop", "", page + "/", true},
		{"a page of the endpoint's own", "same-origin", "https://shop.example.com", "https://shop.example.com/x", "", "/x", true},
		{"the same, behind a proxy that rewrites Host", "same-origin", "https://api.example.com", "", "/x", "/x", true},
		{"nobody is trusted", "same-origin", page, "", "/account", "/account", false},
	} {
		t.Run(test.what, func(t *testing.T) {
			b := newBench()
			if test.trusting {
				trustPage(t, b)
			}
			header := http.Header{"Origin": {test.origin}}
			for name, value := range map[string]string{"Sec-Fetch-Site": test.site, "Referer": test.referer} {
				if value != "" {
					header.Set(name, value)
				}
			}
			body := "answer=accept"
			if test.field != "" {
				body += "&redirect=" + test.field
			}
			w := b.do(request{method: "POST", form: true, body: body, header: header})
			require.Equal(t, 303, w.Code, w.Body)
			require.Equal(t, test.want, w.Header().Get("Location"))
		})
	}
}

// cors is what a package for CORS does, for one origin.
func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		if r.Header.Get("Origin") == page {
			w.Header().Set("Access-Control-Allow-Origin", page)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			w.Header().Set("Access-Control-Allow-Methods", "PUT, DELETE")
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// What a script does in a page on another host: a preflight, and then an answer with credentials,
// whose response it may read.
func TestCORSAroundTheEndpoint(t *testing.T) {
	b := newBench()
	trustPage(t, b)
	h := cors(b)
	do := func(method, body string, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "https://shop.example.com/preferences", strings.NewReader(body))
		r.Header = header
		r.Header.Set("Origin", page)
		r.Header.Set("Sec-Fetch-Site", "same-site")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := do("OPTIONS", "", http.Header{"Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"content-type"}})
	require.Equal(t, 204, w.Code)
	require.Empty(t, w.Header()["Set-Cookie"])

	w = do("PUT", `{"categories":{"analytics":true}}`, http.Header{"Content-Type": {"application/json"}})
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, page, w.Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, []string{"Origin", "Cookie", "Sec-GPC"}, w.Header().Values("Vary"))
	require.Equal(t, m{"analytics": true}, show(t, w).Categories)

	w = do("GET", "", http.Header{"Cookie": {sentBack(w)}})
	require.Equal(t, page, w.Header().Get("Access-Control-Allow-Origin"))
	require.True(t, show(t, w).Decided)
}
