package middleware_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/middleware"
)

func TestPrivate(t *testing.T) {
	for _, test := range []struct{ name, before, after string }{
		{"nothing was said", "", "private"},
		{"public", "public, max-age=60", "private"},
		{"private for some fields", `private="Set-Cookie", max-age=60`, "private"},
		{"not to be stored", "no-store", "no-store"},
		{"not to be stored, in capitals", "max-age=0, NO-STORE", "max-age=0, NO-STORE"},
		{"within quotes", `public, x="a, no-store, b"`, "private"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			if test.before != "" {
				h.Set("Cache-Control", test.before)
			}
			middleware.Private(h)
			require.Equal(t, []string{test.after}, h.Values("Cache-Control"))
			require.Equal(t, []string{"Cookie", "Sec-GPC"}, h.Values("Vary"))
		})
	}
}

func TestPrivateKeepsWhatVaries(t *testing.T) {
	for _, test := range []struct{ before, after []string }{
		{[]string{"Accept"}, []string{"Accept", "Cookie", "Sec-GPC"}},
		{[]string{"accept, cookie"}, []string{"accept, cookie", "Sec-GPC"}},
		{[]string{"Sec-Gpc", "Cookie"}, []string{"Sec-Gpc", "Cookie"}},
		{[]string{"*"}, []string{"*"}},
	} {
		h := http.Header{"Vary": test.before}
		middleware.Private(h)
		middleware.Private(h)
		require.Equal(t, test.after, h.Values("Vary"))
	}
}

func TestPrivateInFrontOfSharedCaches(t *testing.T) {
	for _, name := range []string{
		"CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Netlify-CDN-Cache-Control", "Vercel-CDN-Cache-Control",
		"X-LiteSpeed-Cache-Control", "Akamai-Cache-Control", "Surrogate-Control", "Edge-Control", "X-Accel-Expires",
	} {
		kept := []string{"no-store", "Private", "no-store, private"}
		removed := []string{
			"max-age=60", "public", "no-store, max-age=60", "!no-store", "no-store=?0", `private="a, no-store"`, "", "60", "@1700000000",
		}
		if name == "X-Accel-Expires" {
			kept, removed = []string{"0"}, append(removed, kept...)
		}
		for _, value := range kept {
			h := http.Header{}
			h.Set(name, value)
			middleware.Private(h)
			require.Equal(t, []string{value}, h.Values(name), name)
			require.Equal(t, "private", h.Get("Cache-Control"))
		}
		for _, value := range removed {
			h := http.Header{}
			h.Set("Cache-Control", "no-store")
			h.Set(name, value)
			middleware.Private(h)
			require.NotContains(t, h, http.CanonicalHeaderKey(name), value)
			require.Equal(t, "no-store", h.Get("Cache-Control"))
		}
		h := http.Header{name: {kept[0], "60"}} // two lines, in any spelling
		middleware.Private(h)
		require.NotContains(t, h, name)
	}

	h := http.Header{"Surrogate-Key": {"a"}, "Expires": {"0"}, "Access-Control-Max-Age": {"5"}, "Control": {"x"}}
	middleware.Private(h)
	require.Len(t, h, 6, "what is about something else stays")
}
