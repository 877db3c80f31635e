package cookie_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

func TestSetFillsInWhatWriteDoes(t *testing.T) {
	r := httptest.NewRequest("POST", "https://shop.example.co.uk/", nil)
	w := httptest.NewRecorder()
	require.NoError(t, cookie.Set(w, r, http.Cookie{Name: "own", Value: "a%2Cb", Quoted: true}))
	set := w.Result().Cookies()
	require.Len(t, set, 1)
	require.Equal(t, "a%2Cb", set[0].Value)
	require.False(t, set[0].Quoted)
	require.Equal(t, "example.co.uk", set[0].Domain)
	require.Equal(t, "/", set[0].Path)
	require.Equal(t, http.SameSiteLaxMode, set[0].SameSite)
	require.True(t, set[0].Secure)
	require.False(t, set[0].HttpOnly)
	require.Equal(t, 365*24*60*60, set[0].MaxAge)

	w = httptest.NewRecorder()
	require.NoError(t, cookie.Unset(w, r, http.Cookie{Name: "own"}))
	require.Len(t, w.Result().Cookies(), 2, "for the domain and for the host")
	for _, c := range w.Result().Cookies() {
		require.Equal(t, "own", c.Name)
		require.Negative(t, c.MaxAge)
	}
}

func TestSetRefusesInvalidCookies(t *testing.T) {
	for rule, c := range map[string]http.Cookie{
		"too long":  {Name: "own", Value: strings.Repeat("x", 4094)},
		"no name":   {Value: "x"},
		"a name":    {Name: "a;b", Value: "x"},
		"a value":   {Name: "own", Value: "a;b"},
		"an escape": {Name: "own", Value: "a\\b"},
		"a path":    {Name: "own", Value: "x", Path: "/;"},
	} {
		t.Run(rule, func(t *testing.T) {
			w := httptest.NewRecorder()
			require.ErrorIs(t, cookie.Set(w, httptest.NewRequest("GET", "/", nil), c), cookie.ErrNotEncodable)
			require.Empty(t, w.Header())
		})
	}
}

func TestCodecDeniesWhatAnAnswerLeavesOut(t *testing.T) {
	codec := cookie.Codec{Categories: []string{"analytics", "advertising"}}
	read := func(header string) consent.State {
		s, err := codec.Consent(&http.Request{Header: http.Header{"Cookie": {header}}})
		require.NoError(t, err)
		return s
	}
	require.Equal(t, consent.NewState(map[string]bool{"analytics": true, "advertising": false}),
		read(`tracking-preferences={%22version%22:1%2C%22custom%22:{%22analytics%22:true}}`))
	require.Equal(t, consent.NewState(nil), read("a=b"))
}

func TestSetSetsAllOrNothing(t *testing.T) {
	w := httptest.NewRecorder()
	require.NoError(t, cookie.Set(w, nil, http.Cookie{Name: "a", Value: "1"}, http.Cookie{Name: "b", Value: "2"}))
	require.Equal(t, []string{"a=1", "b=2"}, []string{strings.SplitN(w.Header()["Set-Cookie"][0], ";", 2)[0], strings.SplitN(w.Header()["Set-Cookie"][1], ";", 2)[0]})
	w = httptest.NewRecorder()
	require.ErrorIs(t, cookie.Set(w, nil, http.Cookie{Name: "a", Value: "1"}, http.Cookie{Name: "b b"}), cookie.ErrNotEncodable)
	require.Empty(t, w.Header())
}

func TestUnsetCopies(t *testing.T) {
	r := httptest.NewRequest("POST", "https://shop.example.com/", nil)
	for cookies, want := range map[string]int{"own=a": 0, "own=a; OWN=b; other=c": 0, "own=a; own=b": 2} {
		r.Header.Set("Cookie", cookies)
		w := httptest.NewRecorder()
		require.NoError(t, cookie.UnsetCopies(w, r, http.Cookie{Name: "own"}))
		require.Len(t, w.Result().Cookies(), want, cookies)
		for _, c := range w.Result().Cookies() {
			require.Negative(t, c.MaxAge)
			require.NotEqual(t, "example.com", c.Domain, "the cookie that Set sets")
		}
	}
	require.ErrorIs(t, cookie.UnsetCopies(httptest.NewRecorder(), r, http.Cookie{Name: "own", Path: ";"}), cookie.ErrNotEncodable)
	require.NoError(t, cookie.UnsetCopies(httptest.NewRecorder(), nil, http.Cookie{Name: "own"}))
}
