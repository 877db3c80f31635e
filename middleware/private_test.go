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
