package cookie

import (
	"crypto/tls"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// A Codec is a Source of the middleware.
var _ interface {
	Consent(*http.Request) (consent.State, error)
} = Codec{}

func withCookies(lines ...string) *http.Request {
	return &http.Request{Host: "shop.example.com", Header: http.Header{"Cookie": lines}}
}

func TestConsentOfSeveralCopies(t *testing.T) {
	const n = DefaultName + "="
	type answers = map[string]bool
	asked := func(m answers) consent.State { return consent.NewState(nil).WithDestinations(m) }
	tests := []struct {
		rule, header string
		want         consent.State
	}{
		{"no copy", "other={}; Tracking-Preferences={}", consent.NewState(nil)},
		{"one copy", n + `{"custom":{"a":true}}`, consent.NewState(answers{"a": true})},
		{"granted where every copy grants", n + `{"custom":{"a":true,"b":true}}; ` + n + `{"custom":{"a":true}}`, consent.NewState(answers{"a": true})},
		{"denied where the first denies", n + `{"custom":{"a":false}}; ` + n + `{"custom":{"a":true}}`, consent.NewState(answers{"a": false})},
		{"denied where the last denies", n + `{"custom":{"a":true}}; ` + n + `{}; ` + n + `{"custom":{"a":false}}`, consent.NewState(answers{"a": false})},
		{"a copy without an answer takes the grant", n + `{"destinations":{"A":true}}; ` + n + "{}", asked(answers{})},
		{"asked if any copy was", n + `{"custom":{"a":true}}; ` + n + `{"destinations":{},"custom":{"a":true}}`, consent.NewState(answers{"a": true}).WithDestinations(answers{})},
		{"destinations too", n + `{"destinations":{"A":true,"B":true,"C":false}}; ` + n + `{"destinations":{"A":true,"B":false}}`, asked(answers{"A": true, "B": false, "C": false})},
		{"names are decoded", `tracking%2Dpreferences={"custom":{"a":false}}; ` + n + `{"custom":{"a":true}}`, consent.NewState(answers{"a": false})},
		{"names are decoded as js-cookie does", `tracking%2dpreferences={"custom":{"a":true}}; %FF=1; %4G=1`, consent.NewState(nil)},
		{"a long name that is decoded", `%74%72%61%63%6B%69%6E%67%2D%70%72%65%66%65%72%65%6E%63%65%73={"custom":{"a":true}}`, consent.NewState(answers{"a": true})},
		{"8 copies", strings.Repeat(n+`{"custom":{"a":true}};`, 8), consent.NewState(answers{"a": true})},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			got, err := Codec{}.Consent(withCookies(test.header))
			require.NoError(t, err)
			require.Equal(t, test.want.String(), got.String())
			got, err = Codec{}.Consent(withCookies(strings.Split(test.header, "; ")...))
			require.NoError(t, err)
			require.Equal(t, test.want.String(), got.String())
		})
	}
}

func TestConsentFailsClosed(t *testing.T) {
	const n = DefaultName + "="
	for rule, header := range map[string]string{
		"an unreadable copy":             n + "x",
		"an unreadable copy before":      n + "x; " + n + "{}",
		"an unreadable copy after":       n + "{}; " + n + "x",
		"an unreadable copy of an alias": "tracking%2Dpreferences=; " + n + "{}",
		"9 copies":                       strings.Repeat(n+"{};", 9),
		"20 MB of copies":                strings.Repeat(n+"{};", 20<<20/24),
		"20 MB of value":                 n + strings.Repeat("x", 20<<20),
		"name and value over 4096 bytes": n + "{}" + strings.Repeat(" ", 4096-len(DefaultName)-2) + "{}",
	} {
		t.Run(rule, func(t *testing.T) {
			got, err := Codec{}.Consent(withCookies(header))
			require.ErrorIs(t, err, ErrMalformed)
			require.Equal(t, consent.All(consent.Denied), got)
		})
	}
	_, err := Codec{}.Consent(withCookies(n + strings.Repeat("%20", (4096-len(DefaultName)-2)/3) + "{}"))
	require.NoError(t, err)
}

func TestConsentWithoutARequestOrCookie(t *testing.T) {
	for _, r := range []*http.Request{nil, {}, withCookies()} {
		got, err := Codec{}.Consent(r)
		require.NoError(t, err)
		require.True(t, got == consent.NewState(nil))
	}
	got, err := Codec{}.Consent(withCookies(strings.Repeat("%41", 7<<20) + "=1"))
	require.NoError(t, err)
	require.True(t, got == consent.NewState(nil))
}

func TestConsentOfANameThatIsNotUTF8FailsClosed(t *testing.T) {
	got, err := Codec{Template: http.Cookie{Name: "\xff"}}.Consent(withCookies("\xff={\"custom\":{\"a\":true}}"))
	require.ErrorIs(t, err, ErrMalformed)
	require.Equal(t, consent.All(consent.Denied), got)
}

func TestConsentOfAnotherName(t *testing.T) {
	for _, name := range []string{"prefs", "a b;c=d,é()", "100%", "%41", "__Host-prefs"} {
		c := Codec{Template: http.Cookie{Name: name}}
		w := httptest.NewRecorder()
		s := consent.NewState(map[string]bool{"a": true})
		require.NoError(t, c.Write(w, withCookies(), s))
		pair, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		got, err := c.Consent(withCookies(pair))
		require.NoError(t, err)
		require.Equal(t, s, got, pair)
		got, err = Codec{}.Consent(withCookies(pair))
		require.NoError(t, err)
		require.True(t, got == consent.NewState(nil))
	}
}

func TestWrite(t *testing.T) {
	const value = "{%22version%22:1%2C%22custom%22:{%22ads%22:false}}"
	expires := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	overTLS := func(r *http.Request) *http.Request { r.TLS = &tls.ConnectionState{}; return r }
	tests := []struct {
		rule     string
		template http.Cookie
		request  *http.Request
		want     string // without Expires
	}{
		{"defaults", http.Cookie{}, withCookies(), "tracking-preferences=V; Path=/; Domain=example.com; Max-Age=31536000; SameSite=Lax"},
		{"secure over TLS", http.Cookie{}, overTLS(withCookies()), "tracking-preferences=V; Path=/; Domain=example.com; Max-Age=31536000; Secure; SameSite=Lax"},
		{"no request", http.Cookie{}, nil, "tracking-preferences=V; Path=/; Max-Age=31536000; SameSite=Lax"},
		{"the template wins", http.Cookie{Name: "p", Value: "x", Quoted: true, Path: "/shop", Domain: ".shop.example.com", MaxAge: 60, HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode, Partitioned: true},
			withCookies(), "p=V; Path=/shop; Domain=shop.example.com; Max-Age=60; HttpOnly; Secure; SameSite=Strict; Partitioned"},
		{"a date of the template is not outlived", http.Cookie{Expires: expires}, withCookies(), "tracking-preferences=V; Path=/; Domain=example.com; Expires=Wed, 02 Jan 2030 03:04:05 GMT; SameSite=Lax"},
		{"the template may leave SameSite out", http.Cookie{SameSite: http.SameSiteDefaultMode}, withCookies(), "tracking-preferences=V; Path=/; Domain=example.com; Max-Age=31536000"},
		{"__Host- is secure and has no domain", http.Cookie{Name: "__host-p"}, withCookies(), "__host-p=V; Path=/; Max-Age=31536000; Secure; SameSite=Lax"},
		{"__Secure- is secure", http.Cookie{Name: "__Secure-p"}, withCookies(), "__Secure-p=V; Path=/; Domain=example.com; Max-Age=31536000; Secure; SameSite=Lax"},
		{"the name is encoded as js-cookie does", http.Cookie{Name: "a b;c=d,é()"}, withCookies(), "a%20b%3Bc%3Dd%2C%C3%A9%28%29=V; Path=/; Domain=example.com; Max-Age=31536000; SameSite=Lax"},
		{"a percent in the name too", http.Cookie{Name: "%41#$&+^`|"}, withCookies(), "%2541#$&+^`|=V; Path=/; Domain=example.com; Max-Age=31536000; SameSite=Lax"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // in the year 2000, so that no date of the table is over
				w := httptest.NewRecorder()
				require.NoError(t, Codec{Template: test.template}.Write(w, test.request, consent.NewState(map[string]bool{"ads": false})))
				require.Len(t, w.Header()["Set-Cookie"], 1)
				got := w.Header().Get("Set-Cookie")
				if test.template.MaxAge == 0 && test.template.Expires.IsZero() {
					c, err := http.ParseSetCookie(got)
					require.NoError(t, err)
					require.WithinDuration(t, time.Now().Add(lifetime), c.Expires, 0)
					got = strings.Replace(got, "; Expires="+c.RawExpires, "", 1)
				}
				require.Equal(t, strings.Replace(test.want, "V", value, 1), got)
			})
		})
	}
}

func TestWriteWritesNothingOnError(t *testing.T) {
	s := consent.NewState(map[string]bool{"ads": false})
	for rule, test := range map[string]struct {
		template http.Cookie
		state    consent.State
	}{
		"no answer":                     {},
		"everything denied":             {state: consent.All(consent.Denied)},
		"a name that is not UTF-8":      {http.Cookie{Name: "\xff"}, s},
		"a name too long for the value": {http.Cookie{Name: strings.Repeat("n", 4096)}, s},
		"an invalid domain":             {http.Cookie{Domain: "a b"}, s},
		"an invalid path":               {http.Cookie{Path: "/;"}, s},
		"partitioned and not secure":    {http.Cookie{Partitioned: true}, s},
		"SameSite=None and not secure":  {http.Cookie{SameSite: http.SameSiteNoneMode}, s},
		"__Host- with a domain":         {http.Cookie{Name: "__Host-p", Domain: "shop.example.com"}, s},
		"__Host- with a path":           {http.Cookie{Name: "__host-p", Path: "/shop"}, s},
		"expired by age":                {http.Cookie{MaxAge: -1}, s},
		"expired by date":               {http.Cookie{Expires: time.Unix(1, 0)}, s},
	} {
		t.Run(rule, func(t *testing.T) {
			w := httptest.NewRecorder()
			require.ErrorIs(t, Codec{Template: test.template}.Write(w, withCookies(), test.state), ErrNotEncodable)
			require.Empty(t, w.Header())
		})
	}
}

func TestCodecIsSafeForConcurrentUse(t *testing.T) {
	c := Codec{Template: http.Cookie{Name: "p", Secure: true}}
	read, write := c.Consent, c.Write
	s := consent.NewState(map[string]bool{"a": true})
	r := withCookies(`p={"custom":{"a":true}}`)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got, err := read(r)
			if err != nil || got != s || write(httptest.NewRecorder(), r, s) != nil {
				t.Error("a Codec that does not stand several users")
			}
		})
	}
	group.Wait()
}

// Any host of the site can set a cookie whose name only decodes to a protected one, such as
// __Host-p. So such a name is compared without decoding it.
func TestProtectedNamesAreNotDecoded(t *testing.T) {
	const grants, denies = `={"custom":{"a":true}}`, `={"custom":{"a":false}}`
	granted := consent.NewState(map[string]bool{"a": true})
	for _, test := range []struct {
		name, header string
		want         consent.State
	}{
		{"__Host-p", "%5F_Host-p" + grants, consent.NewState(nil)},
		{"__Host-p", "__%48ost-p" + grants, consent.NewState(nil)},
		{"__Host-p", "__Host-%70" + grants, consent.NewState(nil)},
		{"__Host-p", "%5F%5F%48%6F%73%74%2D%70" + denies + "; __Host-p" + grants, granted},
		{"__Secure-p", "_%5FSecure-p" + denies + "; __Secure-p" + grants, granted},
		{"__HOST-p", "%5F_HOST-p" + grants, consent.NewState(nil)},
		{"__secure-p", "%5F_secure-p" + grants, consent.NewState(nil)},
		{"__Host-p", "__host-p" + grants, consent.NewState(nil)},
		{"__Host-a b", "%5F_Host-a%20b" + denies + "; __Host-a b" + denies + "; __Host-a%20b" + grants, granted},
		{"__Host", "%5F_Host" + grants, granted},
		{"_Host-p", "%5FHost-p" + grants, granted},
	} {
		t.Run(test.name+" from "+test.header, func(t *testing.T) {
			got, err := Codec{Template: http.Cookie{Name: test.name}}.Consent(withCookies(test.header))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	t.Run("what Write wrote is read", func(t *testing.T) {
		for _, name := range []string{"__Host-p", "__secure-a b;c=d,é%", "__Host-"} {
			codec := Codec{Template: http.Cookie{Name: name}}
			w := httptest.NewRecorder()
			require.NoError(t, codec.Write(w, nil, granted))
			pair, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
			got, err := codec.Consent(withCookies(pair))
			require.NoError(t, err)
			require.Equal(t, granted, got)
		}
	})
}

// What Write sets comes back from a client that keeps cookies.
func TestWriteAndConsentOverHTTP(t *testing.T) {
	want := consent.NewState(map[string]bool{"a, b": true, "é": false}).WithDestinations(map[string]bool{"Google Analytics": true})
	read := make(chan consent.State, 1)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := Codec{}.Consent(r)
		if err != nil {
			t.Error(err)
		}
		read <- s
		if err := (Codec{}).Write(w, r, want); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	client := server.Client()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client.Jar = jar
	for _, want := range []consent.State{consent.NewState(nil), want, want} {
		response, err := client.Get(server.URL)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, <-read)
	}
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	require.Len(t, jar.Cookies(address), 1)
}
