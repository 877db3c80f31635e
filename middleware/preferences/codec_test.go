package preferences_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/custom"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware/preferences"
)

var banner = custom.Source{Template: http.Cookie{Name: "banner"}, Categories: siteCategories}

func newBannerBench(source custom.Source) *bench {
	b := newBench()
	b.Codec = source
	return b
}

// An answer that categories cannot express is refused, and changes nothing.
func TestCategoryCookieRefusesDestinations(t *testing.T) {
	b := newBannerBench(banner)
	require.NoError(t, b.Check())
	for _, q := range []request{
		{method: "POST", body: `{"destinations":{"Amplitude":false}}`},
		{method: "PUT", body: `{"categories":{"analytics":false},"destinations":{"Amplitude":false}}`},
		{method: "POST", body: `{"destinations":{"Amplitude":true}}`},
		{method: "POST", body: `{"destinations":{"SECRET":false}}`},
		{method: "POST", body: "answer=save&destination.Amplitude=false", form: true},
	} {
		w := b.do(q)
		require.Equal(t, 422, w.Code, q.body)
		require.Contains(t, w.Body.String(), "holds no answer for a destination")
		require.Empty(t, w.Header()["Set-Cookie"])
	}
	require.Empty(t, b.segment.Events())
	require.Empty(t, b.errs)
}

// For each kind of answer and of body, the banner reads what was written.
func TestAnswersInCustomCookie(t *testing.T) {
	denied := `{"advertising":false,"analytics":false,"functional":false}`
	for _, test := range []struct {
		q      request
		status int
		want   string
	}{
		{request{method: "POST", body: "answer=deny", form: true}, 303, denied},
		{request{method: "POST", body: "answer=accept", form: true}, 303, strings.ReplaceAll(denied, "false", "true")},
		{request{method: "POST", body: "answer=save&category.analytics=on", form: true}, 303, `{"advertising":false,"analytics":true,"functional":false}`},
		{request{method: "PUT", body: `{"categories":{"analytics":true,"functional":false}}`}, 200, `{"advertising":false,"analytics":true,"functional":false}`},
		{request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: `banner={"id":"7","advertising":true}`}, 200, `{"advertising":true,"analytics":true,"functional":false,"id":"7"}`},
		{request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: "banner={"}, 200, `{"advertising":false,"analytics":true,"functional":false}`},
	} {
		b := newBannerBench(banner)
		w := b.do(test.q)
		require.Equal(t, test.status, w.Code, w.Body)
		set := w.Result().Cookies()
		require.Len(t, set, 1, "and no companion, as there is nothing to tell apart")
		require.Equal(t, "banner", set[0].Name)
		require.JSONEq(t, test.want, cookie.Unescape(set[0].Value))
		require.Len(t, b.segment.Events(), len(b.sent(t)))
		get := show(t, b.do(request{method: "GET", cookies: sentBack(w)}))
		require.True(t, get.Decided)
		require.Empty(t, get.Destinations)
	}
}

// Copies count until they are expired. What is deleted is deleted in every copy.
func TestCopiesOfCustomCookie(t *testing.T) {
	b := newBannerBench(banner)
	q := request{method: "POST", body: "answer=accept", form: true, cookies: `banner={"analytics":false}; banner={"analytics":false,"advertising":true}`}
	set := b.do(q).Result().Cookies()
	require.Positive(t, set[0].MaxAge, "the answer is the first of its name")
	require.Len(t, set, 6)
	seen := make(map[[2]string]bool)
	for i, c := range set {
		require.Equal(t, "banner", c.Name)
		require.Equal(t, i > 0, c.MaxAge < 0)
		key := [2]string{c.Domain, c.Path}
		require.False(t, seen[key], key)
		seen[key] = true
	}
	for _, c := range b.do(request{method: "DELETE", cookies: q.cookies}).Result().Cookies() {
		require.Negative(t, c.MaxAge)
		delete(seen, [2]string{c.Domain, c.Path})
	}
	require.Empty(t, seen)
}

// A list of categories to which anybody can add must not cause a denial to be refused.
func TestDenialInCustomCookieIsNeverRefusedForSize(t *testing.T) {
	open := custom.Source{Template: http.Cookie{Name: "banner"}}
	planted := func(granted bool) string {
		var names []string
		for i := range 180 {
			names = append(names, fmt.Sprintf("%q:%t", planted(i), granted))
		}
		return "banner={" + strings.Join(names, ",") + "}"
	}
	for body, want := range map[string]consent.Choice{
		`{"categories":{"advertising":false}}`:                  consent.Unknown,
		`{"categories":{"advertising":false,"analytics":true}}`: consent.Granted,
		"answer=deny": consent.Denied,
	} {
		b := newBannerBench(open)
		w := b.do(request{method: "POST", body: body, form: body[0] != '{', cookies: planted(len(body)%2 == 0)})
		require.Less(t, w.Code, 400, w.Body)
		after, err := open.Consent(&http.Request{Header: http.Header{"Cookie": {sentBack(w)}}})
		require.NoError(t, err)
		require.Equal(t, consent.Denied, after.Category("advertising"))
		require.Equal(t, want, after.Category("analytics"))
		require.Len(t, b.errs, 1)
		require.ErrorIs(t, b.errs[0], preferences.ErrShortened)
	}
	w := newBannerBench(open).do(request{method: "POST", body: `{"categories":{"analytics":true}}`, cookies: planted(false)})
	require.Equal(t, 422, w.Code, "a grant gives up no denial")
}

// One word answers for everything: what differs is denied altogether, or refused.
func TestOneWord(t *testing.T) {
	word := custom.Source{Template: http.Cookie{Name: "ok"}, Format: custom.Word, Categories: siteCategories}
	for body, want := range map[string]string{
		`{"categories":{"analytics":true}}`:                     "",
		`{"categories":{"analytics":true,"advertising":false}}`: "ok=false",
		`{"categories":{"advertising":false}}`:                  "ok=false",
		"answer=deny":                                           "ok=false", "answer=accept": "ok=true",
	} {
		b := newBannerBench(word)
		w := b.do(request{method: "POST", body: body, form: body[0] != '{'})
		require.Equal(t, want, sentBack(w), body)
		require.Equal(t, want == "", w.Code == 422, body)
		if strings.Contains(body, "true,") {
			require.ErrorIs(t, b.errs[0], preferences.ErrShortened)
			require.Equal(t, m{"advertising": false, "analytics": false, "functional": false}, show(t, w).Categories)
		}
	}
}

func TestHostOfCustomCookie(t *testing.T) {
	const deny, grant = `{"categories":{"analytics":false}}`, `{"categories":{"analytics":true}}`
	with := func(name, domain string) custom.Source {
		s := banner
		s.Template.Name, s.Template.Domain, s.AnsweredBy = name, domain, "asked"
		return s
	}
	for _, test := range []struct {
		rule   string
		source custom.Source
		host   string
		known  bool
		want   string
	}{
		{"its domain", with("b", ""), "www.example.com", true, "example.com"},
		{"another", with("b", ""), "backend.internal", false, ""},
		{"a Domain of the Template", with("b", "example.com"), "backend.internal", true, "example.com"},
		{"another Domain of the Template", with("b", "example.net"), "www.example.com", false, ""},
		{"a cookie for the host alone", banner, "localhost", false, ""},
		{"a prefix", custom.Source{Template: http.Cookie{Name: "__Host-b"}, Categories: siteCategories}, "backend.internal", true, ""},
	} {
		t.Run(test.rule, func(t *testing.T) {
			do := func(method, body string) (*httptest.ResponseRecorder, *bench) {
				b := newBannerBench(test.source)
				b.Host = func(*http.Request) string { return test.host }
				header := http.Header{"Origin": {"https://shop.example.com"}, "Sec-Fetch-Site": {"same-origin"}}
				return b.do(request{method: method, body: body, header: header}), b
			}
			for method, body := range map[string]string{"POST": grant, "DELETE": ""} {
				w, b := do(method, body)
				require.Equal(t, test.known, w.Code == 200, w.Body)
				if !test.known {
					require.Equal(t, 500, w.Code)
					require.ErrorIs(t, b.errs[0], preferences.ErrHost)
					require.Empty(t, w.Header()["Set-Cookie"])
				}
			}
			w, _ := do("POST", deny)
			require.Equal(t, 200, w.Code)
			for _, c := range w.Result().Cookies() {
				require.Equal(t, test.want, c.Domain)
			}
			after, err := test.source.Consent(&http.Request{Header: http.Header{"Cookie": {sentBack(w)}}})
			require.NoError(t, err)
			require.Equal(t, consent.Denied, after.Category("analytics"))
		})
	}
}

// A forgetful codec writes nothing, or something else than it was given.
type forgetful struct {
	textCodec
	keeps func(consent.State) (consent.State, bool)
}

func (f forgetful) Write(w http.ResponseWriter, r *http.Request, s consent.State) error {
	if s, ok := f.keeps(s); ok {
		return f.textCodec.Write(w, r, s)
	}
	return nil
}

// The response claims nothing that the cookie does not hold.
func TestCodecThatDoesNotReadItsOwnCookie(t *testing.T) {
	answer := func(s consent.State, ok bool) func(consent.State) (consent.State, bool) {
		return func(consent.State) (consent.State, bool) { return s, ok }
	}
	all := m{"advertising": false, "analytics": false, "functional": false}
	for rule, keeps := range map[string]func(consent.State) (consent.State, bool){
		"nothing":          answer(consent.State{}, false),
		"a grant":          answer(consent.NewState(m{"advertising": true, "analytics": false, "functional": false}), true),
		"one denial less":  answer(consent.NewState(m{"advertising": false, "analytics": false}), true),
		"no name":          answer(consent.All(consent.Denied), true),
		"no answer":        answer(consent.NewState(nil), true),
		"one grant more":   func(s consent.State) (consent.State, bool) { return s.Or(consent.NewState(m{"x": true})), true },
		"granted names":    func(s consent.State) (consent.State, bool) { return s.WithDestinations(m{"Braze": true}), true },
		"every other name": func(s consent.State) (consent.State, bool) { return s.Or(consent.All(consent.Granted)), true },
	} {
		t.Run(rule, func(t *testing.T) {
			b := newBench()
			b.Codec, b.Expand = forgetful{keeps: keeps}, nil
			require.ErrorIs(t, b.Check(), preferences.ErrCodec)
			w := b.do(request{method: "POST", body: `{"categories":` + toJSON(t, all) + `}`})
			require.Equal(t, 422, w.Code)
			require.Empty(t, w.Header()["Set-Cookie"])
			require.Empty(t, b.segment.Events())
			require.ErrorIs(t, b.errs[0], preferences.ErrCodec)
		})
	}
}

func TestCheckCustomCookie(t *testing.T) {
	wide := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, Aliases: map[string][]string{"By Name": nil}, OptOut: true})
	for rule, test := range map[string]struct {
		source custom.Source
		policy consent.Policy
		want   error
	}{
		"ready":                                 {banner, sitePolicy, nil},
		"a destination that no category denies": {custom.Source{}, wide, preferences.ErrPolicy},
		"categories that it does not have":      {custom.Source{Format: custom.List, Categories: []string{"analytics"}}, sitePolicy, cookie.ErrNotEncodable},
		"no categories":                         {custom.Source{Format: custom.List}, sitePolicy, custom.ErrCategories},
		"a cookie that is not kept":             {custom.Source{Template: http.Cookie{Path: ";"}}, sitePolicy, cookie.ErrNotEncodable},
	} {
		t.Run(rule, func(t *testing.T) {
			b := newBannerBench(test.source)
			b.Policy, b.Expand = test.policy, nil
			require.ErrorIs(t, b.Check(), test.want)
			if test.want == nil {
				return
			}
			w := b.do(request{method: "POST", body: "answer=deny", form: true})
			require.Equal(t, 422, w.Code)
			require.Empty(t, w.Header()["Set-Cookie"])
		})
	}
}
