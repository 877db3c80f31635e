package cookie

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// forgotten returns the name, domain and path of each cookie that is expired.
func forgotten(t *testing.T, c Codec, target string, cookies ...string) (list []string) {
	t.Helper()
	r := httptest.NewRequest("POST", target, nil)
	r.Header["Cookie"] = cookies
	w := httptest.NewRecorder()
	require.NoError(t, c.Write(w, r, consent.NewState(map[string]bool{"a": true})))
	require.NoError(t, c.ForgetCopies(w, r))
	seen := make(map[string]bool)
	for i, line := range w.Header()["Set-Cookie"] {
		set, err := http.ParseSetCookie(line)
		require.NoError(t, err)
		id := fmt.Sprintf("%s %s %s", set.Name, set.Domain, set.Path)
		require.False(t, seen[id], "two lines of one name, domain and path: %s", id)
		seen[id] = true
		if i > 0 {
			require.Negative(t, set.MaxAge)
			require.Empty(t, set.Value)
			list = append(list, strings.TrimPrefix(id, DefaultName+" "))
		}
	}
	return list
}

func TestForgetCopies(t *testing.T) {
	const twice = DefaultName + "=1; " + DefaultName + "=2"
	for _, test := range []struct {
		name    string
		codec   Codec
		target  string
		cookies string
		want    []string
	}{
		{"no cookie", Codec{}, "https://www.shop.example/", "", nil},
		{"one", Codec{}, "https://www.shop.example/", DefaultName + "=1; x=2; x=3", nil},
		{"two", Codec{}, "https://www.shop.example/", twice, []string{" /", "www.shop.example /"}},
		{"at the registrable domain", Codec{}, "https://shop.example:8443/", twice, nil},
		{"for the host alone", Codec{Template: http.Cookie{Domain: "WWW.shop.example"}}, "https://www.shop.example/", twice, []string{"shop.example /"}},
		{"of a host deep down", Codec{}, "https://a.b.shop.co.uk/", twice, []string{" /", "a.b.shop.co.uk /", "b.shop.co.uk /"}},
		{"an address", Codec{}, "http://127.0.0.1:8080/x", twice, []string{" /x"}},
		{"below a path", Codec{}, "https://shop.example/a/b?c=/d/", twice, []string{
			" /a", "shop.example /a", " /a/", "shop.example /a/", " /a/b", "shop.example /a/b"}},
		{"a path with a final slash", Codec{}, "https://shop.example/a/", twice, []string{
			" /a", "shop.example /a", " /a/", "shop.example /a/"}},
		{"a path that is escaped", Codec{}, "https://shop.example/a%3Bb%2F", twice, []string{
			" /a%3Bb%2F", "shop.example /a%3Bb%2F"}},
		{"as in the Template", Codec{Template: http.Cookie{Domain: ".WWW.shop.example", Path: "/a"}}, "https://www.shop.example/a", twice,
			[]string{" /", "www.shop.example /", "shop.example /", "shop.example /a"}},
		{"a cookie of one host", Codec{Template: http.Cookie{Name: "__Host-p"}}, "https://www.shop.example/a", "__Host-p=1; __Host-p=2",
			nil},
		{"one, under another spelling", Codec{}, "https://shop.example/", "tracking%2Dpreferences=1",
			[]string{"tracking%2Dpreferences  /", "tracking%2Dpreferences shop.example /"}},
		{"under another spelling", Codec{}, "https://shop.example/", "tracking%2Dpreferences=1; " + DefaultName + "=1",
			[]string{"tracking%2Dpreferences  /", "tracking%2Dpreferences shop.example /"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := forgotten(t, test.codec, test.target, test.cookies)
			slices.Sort(got)
			slices.Sort(test.want)
			require.Equal(t, test.want, got)
		})
	}
	deep := forgotten(t, Codec{}, "https://a.b.c.d.e.shop.example/"+strings.Repeat("a/", 200), twice)
	require.Len(t, deep, 24)
	require.Contains(t, deep, "d.e.shop.example /")
	require.Len(t, forgotten(t, Codec{}, "https://www.shop.example/"+strings.Repeat("a", 2000), twice), 2, "a path that no cookie has")
}

// A browser that obeys what Forget sets has no copy left.
func TestForgetSeveralCopies(t *testing.T) {
	for host, domains := range map[string]int{"shop.example": 2, "www.shop.example": 3} {
		r := httptest.NewRequest("DELETE", "https://"+host+"/a", nil)
		r.Header.Set("Cookie", DefaultName+"=1; "+DefaultName+"=2; tracking%2Dpreferences=3")
		w := httptest.NewRecorder()
		require.NoError(t, Codec{}.Forget(w, r))
		seen := make(map[string]bool)
		for _, c := range w.Result().Cookies() {
			id := c.Name + " " + c.Domain + " " + c.Path
			require.False(t, seen[id], id)
			require.Negative(t, c.MaxAge)
			seen[id] = true
		}
		require.Len(t, seen, 2*domains*2, "names, domains, paths")
	}
}

func TestForgetCopiesRefusesWhatWriteDoes(t *testing.T) {
	r := withCookies(DefaultName+"=1", DefaultName+"=2")
	for _, template := range []http.Cookie{{Name: "\xff"}, {Path: "a;b"}, {Domain: "no domain"}} {
		w := httptest.NewRecorder()
		require.ErrorIs(t, Codec{Template: template}.ForgetCopies(w, r), ErrNotEncodable)
		require.Empty(t, w.Header())
	}
	w := httptest.NewRecorder()
	require.NoError(t, Codec{}.ForgetCopies(w, nil))
	require.Empty(t, w.Header())

	r.TLS = new(tls.ConnectionState)
	require.NoError(t, Codec{Template: http.Cookie{Partitioned: true, SameSite: http.SameSiteNoneMode}}.ForgetCopies(w, r))
	require.Equal(t, []string{
		DefaultName + "=; Path=/; Max-Age=0; Secure; SameSite=None; Partitioned",
		DefaultName + "=; Path=/; Domain=shop.example.com; Max-Age=0; Secure; SameSite=None; Partitioned",
	}, w.Header()["Set-Cookie"])
}
