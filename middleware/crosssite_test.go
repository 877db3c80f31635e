package middleware_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// said returns a request with what a browser says about it: the method, and then values of site,
// mode, dest, storage, origin, referer and host. A request with "tls" came over TLS.
func said(words string) *http.Request {
	r := serverRequest()
	names := map[string]string{
		"site": "Sec-Fetch-Site", "mode": "Sec-Fetch-Mode", "dest": "Sec-Fetch-Dest", "origin": "Origin", "referer": "Referer",
		"storage": "Sec-Fetch-Storage-Access",
	}
	for _, word := range strings.Fields(words) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "tls":
			r.TLS = &tls.ConnectionState{}
		case "host":
			r.Host = value
		case "":
		default:
			if header, ok := names[name]; ok {
				r.Header.Add(header, value)
			} else {
				r.Method = name
			}
		}
	}
	return r
}

func TestRequestsOfOtherSitesShowNoAnswer(t *testing.T) {
	const lax, strict, none = http.SameSiteLaxMode, http.SameSiteStrictMode, http.SameSiteNoneMode
	// The SameSite values (zero, Lax, Strict, None) under which the State is All(Denied).
	const nobody, exceptNone, onlyStrict, looked = "zero lax strict none", "zero lax strict", "strict", ""
	modes := map[string]http.SameSite{"zero": 0, "lax": lax, "strict": strict, "none": none}

	for _, test := range []struct{ what, request, closed string }{
		{"a payment page posts the visitor back", "POST site=cross-site mode=navigate dest=document origin=https://pay.example", exceptNone},
		{"so it does without an origin", "POST site=cross-site mode=navigate dest=document origin=null", exceptNone},
		{"a link", "GET site=cross-site mode=navigate dest=document", onlyStrict},
		{"a link, HEAD", "HEAD site=cross-site mode=navigate dest=document", exceptNone},
		{"a frame", "GET site=cross-site mode=navigate dest=iframe", nobody},
		{"a fenced frame", "GET site=cross-site mode=navigate dest=fencedframe", nobody},
		{"an object", "GET site=cross-site mode=navigate dest=object", nobody},
		{"an image", "GET site=cross-site mode=no-cors dest=image", nobody},
		{"a script's request", "GET site=cross-site mode=cors dest=empty origin=https://evil.example", nobody},
		{"a beacon", "POST site=cross-site mode=no-cors dest=empty origin=https://evil.example", nobody},
		{"a web socket", "GET site=cross-site mode=websocket dest=websocket origin=https://evil.example", nobody},
		{"no mode", "GET site=cross-site dest=document", nobody},
		{"no destination", "GET site=cross-site mode=navigate", nobody},
		{"the mode twice", "GET site=cross-site mode=navigate mode=cors dest=document", nobody},
		{"a site that no browser names", "GET site=Cross-Site mode=cors", nobody},
		{"an empty site", "GET site= mode=cors", nobody},
		{"two sites", "GET site=same-origin site=cross-site mode=cors", nobody},

		{"typed into the address bar", "GET site=none mode=navigate dest=document", looked},
		{"a page of our own", "GET site=same-origin mode=navigate dest=document", looked},
		{"a form of our own", "POST site=same-origin mode=navigate dest=document origin=https://shop.example", looked},
		{"a form of our own, without a referrer", "POST site=same-origin mode=navigate dest=document origin=null", looked},
		{"another host of our site", "POST site=same-site mode=cors dest=empty origin=https://www.shop.example", looked},
		{"behind a proxy that rewrites the host", "POST site=same-origin mode=cors dest=empty origin=https://shop.example host=internal", looked},

		{"a form in a frame of another site", "POST site=same-origin mode=navigate dest=iframe storage=none", nobody},
		{"a request in a frame of another site", "GET site=same-origin mode=cors dest=empty storage=active", nobody},

		{"no word of the browser", "GET", looked},
		{"no word of the browser, POST", "POST", looked},
		{"no origin", "POST origin=null", nobody},
		{"an empty origin", "POST origin=", nobody},
		{"another site", "POST origin=https://pay.example", nobody},
		{"another site, GET", "GET origin=https://pay.example", nobody},
		{"another site, which says that it navigates", "GET origin=https://pay.example mode=navigate dest=document", onlyStrict},
		{"our own", "POST origin=https://shop.example", looked},
		{"our own, in capitals", "POST origin=https://SHOP.example", looked},
		{"our own, with a port", "POST origin=https://shop.example:8443", looked},
		{"our own host with a port", "POST origin=https://shop.example host=shop.example:8443", looked},
		{"another host of ours", "POST origin=https://www.shop.example", looked},
		{"from a host to a host below", "POST origin=https://shop.example host=a.b.shop.example", looked},
		{"our name within another", "POST origin=https://notshop.example", nobody},
		{"our name before another", "POST origin=https://shop.example.evil.example", nobody},
		{"our name as a user", "POST origin=https://shop.example@evil.example", nobody},
		{"without TLS at this end", "POST origin=http://shop.example", looked},
		{"from plain HTTP to TLS", "POST tls origin=http://shop.example", nobody},
		{"TLS at both ends", "POST tls origin=https://shop.example", looked},
		{"another scheme", "POST origin=ftp://shop.example", nobody},
		{"an extension", "POST origin=moz-extension://1f2e", nobody},
		{"not a URL", "POST origin=https://[", nobody},
		{"without a scheme", "POST origin=shop.example", nobody},
		{"two origins", "POST origin=https://shop.example origin=https://evil.example", nobody},
		{"two of one public suffix", "POST origin=https://a.github.io host=b.github.io", nobody},
		{"a public suffix itself", "POST origin=https://github.io host=github.io", looked},
		{"a single label", "POST origin=http://localhost:3000 host=localhost:8080", looked},
		{"an address", "POST origin=http://127.0.0.1:3000 host=127.0.0.1:8080", looked},
		{"another address", "POST origin=http://127.0.0.2 host=127.0.0.1", nobody},
		{"an address of version 6", "POST origin=http://[::1]:3000 host=[::1]:8080", looked},
		{"an address of version 6 without a port", "POST origin=http://[::1] host=[::1]", looked},
		{"an invalid host", "POST origin=https://" + strings.Repeat("a.", 200) + "com host=" + strings.Repeat("a.", 200) + "com", nobody},
		{"no host", "POST origin=https:// host=", nobody},

		{"a link, in a browser that does not say", "GET referer=https://search.example/?q=tea", onlyStrict},
		{"a link of our own", "GET referer=https://www.shop.example/", looked},
	} {
		for name, sameSite := range modes {
			t.Run(test.what+", "+name, func(t *testing.T) {
				r := said(test.request)
				asked := false
				o := middleware.Options{
					Sources:  []middleware.Source{says(consent.NewState(nil))},
					Default:  func(*http.Request) consent.State { asked = true; return granted },
					SameSite: sameSite,
				}
				state, err := middleware.Read(r, o)
				require.NoError(t, err)
				want := presumed
				if strings.Contains(" "+test.closed+" ", " "+name+" ") {
					want = denied
				}
				require.Equal(t, want, state)
				require.Equal(t, want == presumed, asked, "the Default was asked")

				o.Default = nil
				state, err = middleware.Read(r, o)
				require.NoError(t, err)
				if want == presumed {
					want = consent.NewState(nil)
				}
				require.Equal(t, want, state)
			})
		}
	}
}

func TestRequestsOfOtherSitesKeepAnAnswer(t *testing.T) {
	r := said("POST site=cross-site mode=navigate dest=document")
	for _, answered := range []consent.State{
		answer("+a"), answer("-a"), consent.NewState(nil).WithDestinations(map[string]bool{}), granted,
	} {
		state, err := middleware.Read(r, middleware.Options{
			Sources: []middleware.Source{says(consent.NewState(nil)), says(answered)}, // the cookie, the account
			Signals: []middleware.Signal{signals(answer("-b"))},
		})
		require.NoError(t, err)
		require.Equal(t, answered.Restrict(answer("-b")), state)
	}
}

func TestContext(t *testing.T) {
	type key struct{}
	var told []error
	o := middleware.Options{
		Sources: []middleware.Source{fromHeader},
		OnError: func(r *http.Request, err error) {
			require.NotNil(t, r.Context())
			require.Empty(t, r.URL.Host+r.Header.Get("Cookie"))
			told = append(told, err)
		},
	}
	r := serverRequest("X-Grant", "a")
	r = r.WithContext(context.WithValue(r.Context(), key{}, "kept"))
	ctx := middleware.Context(r, o)
	require.Equal(t, answer("+a"), consent.FromContext(ctx))
	require.Equal(t, "kept", ctx.Value(key{}))
	require.Empty(t, told)
	_, ok := consent.Lookup(r.Context())
	require.False(t, ok, "the caller's request has a State")

	for name, ctx := range map[string]context.Context{
		"unreadable":       middleware.Context(serverRequest("X-Grant", "?"), o),
		"no request":       middleware.Context(nil, o),
		"no Source":        middleware.Context(r, middleware.Options{OnError: o.OnError}),
		"nobody to tell":   middleware.Context(r, middleware.Options{}),
		"no request twice": middleware.Context(nil, middleware.Options{}),
	} {
		state, ok := consent.Lookup(ctx)
		require.True(t, ok, name)
		require.Equal(t, denied, state, name)
	}
	require.Len(t, told, 3)
}
