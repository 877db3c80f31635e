package custom

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// write returns the value that Write sets after a cookie that the request had.
func write(t testing.TB, s Source, had string, state consent.State) (string, error) {
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "https://shop.example.com/", nil)
	if had != "" {
		r.Header.Set("Cookie", s.name()+"="+had)
	}
	err := s.Write(w, r, state)
	set := w.Result().Cookies()
	if err != nil {
		require.Empty(t, set, "a cookie in spite of the error")
		return "", err
	}
	if s.AnsweredBy != "" {
		require.Len(t, set, 2)
		require.Equal(t, s.AnsweredBy, set[1].Name)
		require.Equal(t, set[0].Domain, set[1].Domain)
		set = set[:1]
	}
	require.Len(t, set, 1)
	require.Equal(t, s.name(), set[0].Name)
	require.Equal(t, "example.com", set[0].Domain)
	return set[0].Value, nil
}

// roundTrip writes a State and reads it back. The result grants no more, and denies as much.
func roundTrip(t testing.TB, s Source, state consent.State) {
	value, err := write(t, s, `{"a":{"b":{"old":true}},"old":true,"v":"2"}`, state)
	if err != nil {
		require.ErrorIs(t, err, cookie.ErrNotEncodable)
		return
	}
	read, err := s.Decode(value)
	require.NoError(t, err)
	for category, granted := range read.Categories() {
		require.False(t, granted && state.Category(category) != consent.Granted, category)
	}
	for category, granted := range state.Categories() {
		require.False(t, !granted && read.Category(category) != consent.Denied, category)
	}
}

func TestWrittenStateIsReadBack(t *testing.T) {
	for format, c := range conforming {
		for _, cookies := range []string{c.accepted, c.rejected, c.partly} {
			state, err := c.source.Consent(&http.Request{Header: http.Header{"Cookie": {cookies}}})
			require.NoError(t, err)
			value, err := write(t, c.source, "", state)
			require.NoError(t, err, "%s: %s", format, cookies)
			read, err := c.source.Decode(value)
			require.NoError(t, err, "%s: %s", format, value)
			require.Equal(t, state, read, "%s: %s", format, value)
		}
	}
}

func TestBytes(t *testing.T) {
	answer := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	two := []string{"advertising", "analytics"}
	for rule, test := range map[string]struct {
		source Source
		had    string
		state  consent.State
		want   string // without its percent-encoding
	}{
		"JSON":               {Source{}, "", answer, `{"advertising":false,"analytics":true}`},
		"words":              {Source{Granted: []string{"granted"}, Denied: []string{"0"}}, "", answer, `{"advertising":0,"analytics":"granted"}`},
		"a path":             {Source{Path: []string{"a", "b"}}, "", answer, `{"a":{"b":{"advertising":false,"analytics":true}}}`},
		"beside the path":    {Source{Path: []string{"a", "b"}}, `{"v":3,"a":{"id":"x","b":{"chat":true}}}`, answer, `{"a":{"b":{"advertising":false,"analytics":true},"id":"x"},"v":3}`},
		"beside answers":     {Source{Categories: two}, `{"v":"3","analytics":false}`, answer, `{"advertising":false,"analytics":true,"v":"3"}`},
		"no list, no more":   {Source{}, `{"v":"3","analytics":false}`, answer, `{"advertising":false,"analytics":true}`},
		"what was malformed": {Source{Categories: two}, `{"v":`, answer, `{"advertising":false,"analytics":true}`},
		"what was too long":  {Source{Categories: two}, `{"v":"` + strings.Repeat("x", 4050) + `"}`, answer, `{"advertising":false,"analytics":true}`},
		"left out":           {Source{Categories: two}, "", consent.NewState(map[string]bool{"analytics": true}), `{"advertising":false,"analytics":true}`},
		"everything denied":  {Source{Categories: two}, "", consent.All(consent.Denied), `{"advertising":false,"analytics":false}`},
		"groups":             {Source{Groups: map[string]string{"mkt": "advertising", "ads": "advertising"}}, "", answer, `{"ads":false,"analytics":true,"mkt":false}`},
		"a JSON list":        {Source{Format: JSONList, Categories: two}, `["old"]`, answer, `["analytics"]`},
		"an empty list":      {Source{Format: JSONList, Categories: two}, "", consent.All(consent.Denied), `[]`},
		"pairs":              {Source{Format: Pairs}, "", answer, "advertising=false&analytics=true"},
		"a list":             {Source{Format: List, Categories: two}, "", consent.NewState(map[string]bool{"analytics": true, "advertising": true}), "advertising,analytics"},
		"a word":             {Source{Format: Word, Categories: two, Granted: []string{"on"}}, "", consent.NewState(map[string]bool{"analytics": true, "advertising": true}), "on"},
		"no word":            {Source{Format: Word, Categories: two}, "", consent.All(consent.Denied), "false"},
		"presumed":           {Source{Categories: two}, "", consent.NewState(map[string]bool{"analytics": true}).Presume().Restrict(consent.NewState(map[string]bool{"advertising": false})), `{"advertising":false,"analytics":false}`},
	} {
		t.Run(rule, func(t *testing.T) {
			value, err := write(t, test.source, test.had, test.state)
			require.NoError(t, err)
			require.Equal(t, test.want, cookie.Unescape(value))
		})
	}
}

func TestUnwritableStateIsAnError(t *testing.T) {
	two := []string{"advertising", "analytics"}
	mixed := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	for rule, test := range map[string]struct {
		source Source
		state  consent.State
	}{
		"no answer":                {Source{Categories: two}, consent.NewState(nil)},
		"a presumed answer":        {Source{Categories: two}, consent.All(consent.Granted).Presume()},
		"every name, no list":      {Source{}, consent.All(consent.Denied)},
		"a destination":            {Source{Categories: two}, mixed.WithDestinations(map[string]bool{"Amplitude": false})},
		"the mark":                 {Source{Categories: two}, mixed.WithDestinations(map[string]bool{})},
		"a separator in a name":    {Source{Format: Pairs}, consent.NewState(map[string]bool{"a=1&b": false})},
		"a comma in a name":        {Source{Format: List, Categories: []string{"a", "b", "a,b"}}, consent.NewState(map[string]bool{"a,b": true})},
		"white space":              {Source{Format: Pairs}, consent.NewState(map[string]bool{" a": false})},
		"answers that differ":      {Source{Format: Word, Categories: two}, mixed},
		"a name of another":        {Source{Groups: map[string]string{"analytics": "advertising"}}, consent.NewState(map[string]bool{"analytics": true, "advertising": false})},
		"too long":                 {Source{}, consent.NewState(map[string]bool{strings.Repeat("x", 4096): false})},
		"an attribute that is bad": {Source{Template: http.Cookie{Path: ";"}}, mixed},
		"a name that is bad":       {Source{Template: http.Cookie{Name: "a b"}}, mixed},
	} {
		t.Run(rule, func(t *testing.T) {
			_, err := write(t, test.source, "", test.state)
			require.ErrorIs(t, err, cookie.ErrNotEncodable)
		})
	}
	_, err := write(t, Source{Format: List}, "", mixed)
	require.ErrorIs(t, err, ErrCategories)
}

func TestForget(t *testing.T) {
	s := Source{Template: http.Cookie{Name: "own"}, AnsweredBy: "asked"}
	r := httptest.NewRequest("DELETE", "https://shop.example.com/account/", nil)
	forgotten := func() map[string]int {
		w := httptest.NewRecorder()
		require.NoError(t, s.Forget(w, r))
		count := make(map[string]int)
		for _, c := range w.Result().Cookies() {
			require.Negative(t, c.MaxAge)
			count[c.Name]++
		}
		return count
	}
	require.Equal(t, map[string]int{"own": 2, "asked": 2}, forgotten(), "of the domain, and of the host")
	r.Header.Set("Cookie", "own=a; own=b")
	require.Equal(t, map[string]int{"own": 9, "asked": 2}, forgotten(), "of every domain and path")
}

func TestForgetCopies(t *testing.T) {
	s := Source{Template: http.Cookie{Name: "own"}}
	r := httptest.NewRequest("POST", "https://shop.example.com/account/", nil)
	for cookies, want := range map[string]int{"": 0, "own=a": 0, "own=a; Own=b": 0, "own=a; own=b": 8} {
		r.Header.Set("Cookie", cookies)
		w := httptest.NewRecorder()
		require.NoError(t, s.ForgetCopies(w, r))
		require.Len(t, w.Result().Cookies(), want, cookies)
		for _, c := range w.Result().Cookies() {
			require.Negative(t, c.MaxAge)
			require.NotEqual(t, [2]string{"/", "example.com"}, [2]string{c.Path, c.Domain}, "the answer")
		}
	}
}

// A written answer counts, even where a second cookie has to say that there is an answer.
func TestAnsweredByCookie(t *testing.T) {
	s := Source{AnsweredBy: "asked"}
	for had, want := range map[string]string{
		"": "true", "asked=2026-11-25T10:00:00Z": "2026-11-25T10:00:00Z", "asked=": "true", `asked={"a":1}`: "true", "asked=a b": "true",
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "https://shop.example.com/", nil)
		r.Header.Set("Cookie", had)
		require.NoError(t, s.Write(w, r, consent.NewState(map[string]bool{"analytics": false})))
		next := new(http.Request)
		next.Header = http.Header{}
		for _, c := range w.Result().Cookies() {
			next.Header.Add("Cookie", c.Name+"="+c.Value)
		}
		require.Equal(t, []string{want}, cookie.Values(next, "asked"), had)
		state, err := s.Consent(next)
		require.NoError(t, err)
		require.Equal(t, consent.Denied, state.Category("analytics"))
	}
	s.AnsweredBy = "a b"
	w := httptest.NewRecorder()
	require.ErrorIs(t, s.Write(w, new(http.Request), consent.NewState(map[string]bool{"analytics": false})), cookie.ErrNotEncodable)
	require.Empty(t, w.Header())
}

// A site may name the cookie itself: then there is one line, which holds the answer.
func TestAnsweredByTheCookieItself(t *testing.T) {
	s := Source{Template: http.Cookie{Name: "ok"}, Format: Word, Categories: []string{"ads"}, AnsweredBy: "ok"}
	r := httptest.NewRequest("POST", "https://shop.example.com/", nil)
	r.Header.Set("Cookie", "ok=true")
	w := httptest.NewRecorder()
	require.NoError(t, s.Write(w, r, consent.NewState(map[string]bool{"ads": false})))
	require.Len(t, w.Result().Cookies(), 1)
	require.Equal(t, "false", w.Result().Cookies()[0].Value)

	w = httptest.NewRecorder()
	require.NoError(t, s.Forget(w, r))
	require.Len(t, w.Result().Cookies(), 2, "for the domain and for the host")
}
