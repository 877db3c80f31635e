package cookie

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestRegistrableDomain(t *testing.T) {
	for host, want := range map[string]string{
		"example.com":                   "example.com",
		"a.b.example.com":               "example.com",
		"a.b.example.com:8080":          "example.com",
		"SHOP.Example.COM:443":          "example.com",
		"shop.example.co.uk":            "example.co.uk",
		"bar.foo.github.io":             "foo.github.io",
		"app.example.test":              "example.test",
		"my_shop.example.com":           "example.com",
		"shop.xn--bcher-kva.example":    "xn--bcher-kva.example",
		"www.xn--85x722f.xn--55qx5d.cn": "xn--85x722f.xn--55qx5d.cn",

		// A public suffix, or one label.
		"github.io": "", "co.uk": "", "com": "", "localhost": "", "localhost:8080": "",
		// Addresses, in any spelling that browsers know.
		"127.0.0.1": "", "127.0.0.1:80": "", "[::1]": "", "[::1]:80": "", "::1": "", "2001:db8::1": "",
		"[fe80::1%25eth0]:80": "", "127.1": "", "0x7f.1": "", "1.0x7f": "", "1.2.3.4.5": "", "[::ffff:1.2.3.4]:1": "",
		// A final dot: browsers do not match it with the name without.
		"example.com.": "", "shop.example.com.:80": "",
		// Not host names.
		"": "", ".": "", "..": "", ":": "", ":80": "", ".com": "", ".example.com": "", "a..com": "", "example..com": "",
		"example.com:80:90": "", "ex ample.com": "", "user@example.com": "", "example.com;Secure": "", "-example.com": "", "example-.com": "",
		"bücher.example": "", "\x00.com": "", "\xff.com": "", "a,b.com": "", "example.com/x": "", "[": "", "]": "", "[]:": "",
		strings.Repeat("a.", 1<<20) + "com": "", strings.Repeat("a", 64) + ".com": "",
		"example.com\r\nSet-Cookie: a=b": "",
	} {
		require.Equal(t, want, Domain(host), "%.80q", host)

		w := httptest.NewRecorder()
		require.NoError(t, Codec{}.Write(w, &http.Request{Host: host}, consent.NewState(map[string]bool{"a": true})))
		c, err := http.ParseSetCookie(w.Header().Get("Set-Cookie"))
		require.NoError(t, err)
		require.Equal(t, want, c.Domain)
	}
}
