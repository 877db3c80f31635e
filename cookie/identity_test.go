package cookie

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

const someID = "0b6f3c1e-5f0a-4d52-9f3e-0a1b2c3d4e5f"

func TestIdentity(t *testing.T) {
	for _, test := range []struct {
		rule, header, want string
	}{
		{"no cookie", "", ""},
		{"another cookie", "ajs_group_id=g", ""},
		{"plain, of analytics-next", "x=1; NAME=" + someID + "; y=2", someID},
		{"a JSON string, of analytics.js-core", "NAME=%22" + someID + "%22", someID},
		{"a JSON string with raw quotes", `NAME="` + someID + `"`, someID},
		{"white space round JSON", "NAME=%20%22a%22%0A", "a"},
		{"an e-mail address as js-cookie leaves it", "NAME=robin+tea@example.com", "robin+tea@example.com"},
		{"an e-mail address all encoded", "NAME=%22robin%2Btea%40example.com%22", "robin+tea@example.com"},
		{"escapes in lower case", "NAME=caf%c3%a9", "café"},
		{"escapes of JSON", `NAME=%22a%5C%22b%5Cu00e9%22`, `a"bé`},
		{"an equals sign", "NAME=a=b", "a=b"},
		{"a number", "NAME=42", "42"},
		{"a number as a JSON string", "NAME=%2242%22", "42"},
		{"digits that are no JSON", "NAME=007", "007"},
		{"128 bytes", "NAME=" + strings.Repeat("i", 128), strings.Repeat("i", 128)},
		{"two copies that agree", "NAME=a; NAME=%22a%22", "a"},
		{"eight copies that agree", strings.Repeat("NAME=a; ", 8), "a"},

		{"empty", "NAME=", ""},
		{"no equals sign", "NAME", ""},
		{"an empty JSON string", "NAME=%22%22", ""},
		{"nothing but spaces", "NAME=%20%20", ""},
		{"null, which is none", "NAME=null", ""},
		{"true", "NAME=true", ""},
		{"an object", "NAME=%7B%22id%22:1%7D", ""},
		{"an array", "NAME=[%22a%22]", ""},
		{"an object cut short", "NAME={%22id%22", ""},
		{"a JSON string cut short", "NAME=%22abc", ""},
		{"something after a JSON string", "NAME=%22abc%22d", ""},
		{"undefined, which is none", "NAME=undefined", ""},
		{"undefined as a JSON string", "NAME=%22undefined%22", ""},
		{"a fraction", "NAME=1.5", ""},
		{"an exponent, which JavaScript would write out", "NAME=1e5", ""},
		{"a number that JavaScript would round", "NAME=12345678901234567890", ""},
		{"a number just beyond what JavaScript holds", "NAME=9007199254740992", ""},
		{"minus zero", "NAME=-0", ""},
		{"129 bytes", "NAME=" + strings.Repeat("i", 129), ""},
		{"129 bytes as a JSON string", "NAME=%22" + strings.Repeat("i", 129) + "%22", ""},
		{"20 megabytes", "NAME=" + strings.Repeat("i", 20<<20), ""},
		{"deeply nested JSON", "NAME=" + strings.Repeat("[", 4000), ""},
		{"more than a browser stores", "NAME=%22a%22" + strings.Repeat("%20", 1400), ""},
		{"an escape cut short", "NAME=abc%2", ""},
		{"an invalid escape", "NAME=abc%zz", ""},
		{"a raw percent sign", "NAME=100%", ""},
		{"escapes that are not UTF-8", "NAME=%FF%FE", ""},
		{"raw bytes that are not UTF-8", "NAME=\xff", ""},
		{"half a surrogate pair", `NAME=%22%5Cud800%22`, ""},
		{"a line feed", "NAME=a%0Ab", ""},
		{"a NUL", "NAME=a%00", ""},
		{"a control character of JSON", `NAME=%22a%5Cu0007%22`, ""},
		{"a character that turns the text round", "NAME=a%E2%80%AEb", ""},
		{"copies that disagree", "NAME=a; NAME=b", ""},
		{"copies that disagree at the end", "NAME=a; NAME=a; NAME=b", ""},
		{"a malformed copy", "NAME=a; NAME=%FF", ""},
		{"a malformed copy first", "NAME=; NAME=a", ""},
		{"nine copies", strings.Repeat("NAME=a; ", 9), ""},
		{"a copy under a name that the script decodes", "NAME=a; %61js_anonymous_id=b; %61js_user_id=b", ""},
	} {
		t.Run(test.rule, func(t *testing.T) {
			for name, read := range map[string]func(*http.Request) string{anonymousIDName: AnonymousID, userIDName: UserID} {
				r := withCookies(strings.ReplaceAll(test.header, "NAME", name))
				require.Equal(t, test.want, read(r), name)
			}
		})
	}
	require.Empty(t, AnonymousID(nil))
	require.Empty(t, AnonymousID(withCookies("ajs_user_id=u")))
	require.Empty(t, UserID(withCookies("ajs_anonymous_id=a")))
	require.Empty(t, AnonymousID(withCookies("ajs_anonymous_id=a", "ajs_anonymous_id=b")), "two lines of the header")
}

// The ids are read from a real connection, since net/http drops cookies that it finds invalid.
func TestIdentityOverAConnection(t *testing.T) {
	ids := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ids <- UserID(r) }))
	defer server.Close()
	for value, want := range map[string]string{`"u 1"`: "u 1", "u\\1": `u\1`, "ü": "ü", "a,b": "a,b"} {
		r, err := http.NewRequest("GET", server.URL, nil)
		require.NoError(t, err)
		r.Header["Cookie"] = []string{"ajs_user_id=" + value}
		response, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, <-ids)
	}
}

func FuzzIdentity(f *testing.F) {
	for _, value := range []string{someID, "%22" + someID + "%22", `"a"`, "42", "1e5", "%22%5Cud800%22", "a; ajs_user_id=b", "%C3%A9", "null"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		id := UserID(withCookies("ajs_user_id=" + value))
		if id == "" || strings.Contains(value, ";") { // several copies, maybe as many as there may be
			return
		}
		if len(id) > maxIDSize || !utf8.ValidString(id) || strings.ContainsAny(id, "\x00\r\n\u202e\ufffd") {
			t.Fatalf("%q gives the id %q", value, id)
		}
		quoted, err := json.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		encoded := "ajs_user_id=" + url.PathEscape(string(quoted))
		if again := UserID(withCookies(encoded)); again != id {
			t.Fatalf("%q, written as JSON, gives %q", id, again)
		}
		if again := UserID(withCookies("ajs_user_id=" + value + "; " + encoded)); again != id {
			t.Fatalf("%q, in two copies, gives %q", id, again)
		}
		if again := UserID(withCookies("ajs_user_id=" + value + "; ajs_user_id=%22another-" + url.PathEscape(id) + "%22")); again != "" {
			t.Fatalf("two ids give %q", again)
		}
	})
}

func TestForget(t *testing.T) {
	https := withCookies()
	https.Host, https.TLS = "www.shop.example.co.uk:8443", new(tls.ConnectionState)
	for _, test := range []struct {
		name    string
		codec   Codec
		request *http.Request
		want    []string
	}{
		{"without a request", Codec{}, nil, []string{"tracking-preferences=; Path=/; Max-Age=0; SameSite=Lax"}},
		{"for the host and its registrable domain", Codec{}, https, []string{
			"tracking-preferences=; Path=/; Domain=example.co.uk; Max-Age=0; Secure; SameSite=Lax",
			"tracking-preferences=; Path=/; Max-Age=0; Secure; SameSite=Lax",
		}},
		{"as in the Template", Codec{Template: http.Cookie{
			Name: "my (consent)", Value: "x", Path: "/shop", Domain: "shop.example.co.uk", MaxAge: 60, SameSite: http.SameSiteStrictMode,
		}}, https, []string{
			"my%20%28consent%29=; Path=/shop; Domain=shop.example.co.uk; Max-Age=0; Secure; SameSite=Strict",
			"my%20%28consent%29=; Path=/shop; Max-Age=0; Secure; SameSite=Strict",
		}},
		{"a cookie of one host", Codec{Template: http.Cookie{Name: "__Host-p"}}, https, []string{
			"__Host-p=; Path=/; Max-Age=0; Secure; SameSite=Lax",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			require.NoError(t, test.codec.Forget(w, test.request))
			require.Equal(t, test.want, w.Header()["Set-Cookie"])
		})
	}
	for _, template := range []http.Cookie{{Name: "\xff"}, {Path: "a;b"}, {Domain: "no domain"}} {
		w := httptest.NewRecorder()
		require.ErrorIs(t, Codec{Template: template}.Forget(w, https), ErrNotEncodable)
		require.Empty(t, w.Header())
	}
}

// A browser that obeys what Write and Forget set has no cookie left.
func TestForgetUndoesWrite(t *testing.T) {
	r := httptest.NewRequest("POST", "http://www.example.com/", nil)
	for _, codec := range []Codec{{}, {Template: http.Cookie{Name: "p", Path: "/a", Domain: "www.example.com"}}} {
		w := httptest.NewRecorder()
		require.NoError(t, codec.Write(w, r, consent.NewState(map[string]bool{"a": true})))
		require.NoError(t, codec.Forget(w, r))
		set := w.Result().Cookies()
		require.Len(t, set, 3)
		require.Equal(t, [3]string{set[0].Name, set[0].Path, set[0].Domain}, [3]string{set[1].Name, set[1].Path, set[1].Domain})
		require.Negative(t, set[1].MaxAge)
	}
}

func TestForgetIdentity(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "http://www.example.com/", nil)
	ForgetIdentity(w, r)
	require.Empty(t, w.Header(), "there is nothing to forget")
	r.Header.Set("Cookie", "ajs_user_id=u; ajs_anonymous_id=a")
	ForgetIdentity(w, r)
	require.Equal(t, []string{
		"ajs_anonymous_id=; Path=/; Domain=example.com; Max-Age=0; SameSite=Lax",
		"ajs_anonymous_id=; Path=/; Max-Age=0; SameSite=Lax",
		"ajs_user_id=; Path=/; Domain=example.com; Max-Age=0; SameSite=Lax",
		"ajs_user_id=; Path=/; Max-Age=0; SameSite=Lax",
	}, w.Header()["Set-Cookie"])
}
