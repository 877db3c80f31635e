package preferences_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
)

func TestAnswer(t *testing.T) {
	everything := sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true}))
	nothing := sitePolicy.Expand(consent.NewState(m{"advertising": false, "analytics": false, "functional": false}))
	expanded := func(advertising, analytics, functional bool) consent.State {
		return sitePolicy.Expand(consent.NewState(m{"advertising": advertising, "analytics": analytics, "functional": functional}))
	}
	with := func(s consent.State, more m) consent.State {
		all := maps.Collect(s.Destinations())
		maps.Copy(all, more)
		return s.WithDestinations(all)
	}
	for _, test := range []struct {
		rule    string
		before  consent.State
		body    string
		form    bool
		want    consent.State
		earlier string // a form that was sent before
		literal bool   // without Expand
	}{
		{rule: "JSON by category", body: `{"categories":{"advertising":true,"analytics":false,"functional":true}}`, want: expanded(true, false, true)},
		{rule: "JSON leaves the other categories as they were", before: everything, body: `{"categories":{"advertising":false}}`, want: expanded(false, true, true)},
		{rule: "JSON leaves categories unanswered", body: `{"categories":{"advertising":true}}`,
			want: sitePolicy.Expand(consent.NewState(m{"advertising": true}))},
		{rule: "a denial by name counts beside a grant of the category, under each name", body: `{"categories":{"advertising":true,"analytics":true,"functional":true},"destinations":{"Actions Amplitude":false}}`,
			want: with(everything, m{"Amplitude": false, "Actions Amplitude": false})},
		{rule: "a denial under any name counts", body: `{"categories":{"advertising":true,"analytics":true,"functional":true},"destinations":{"Actions Amplitude":true,"Amplitude":false}}`,
			want: with(everything, m{"Amplitude": false, "Actions Amplitude": false})},
		{rule: "a grant by name does not undo a denied category", before: nothing, body: `{"destinations":{"Amplitude":true}}`, want: nothing},
		{rule: "not even where another category is granted", before: expanded(true, false, true), body: `{"destinations":{"Amplitude":true}}`, want: expanded(true, false, true)},
		{rule: "a denial by name withdraws", before: everything, body: `{"destinations":{"Braze":false}}`, want: with(everything, m{"Braze": false})},
		{rule: "a grant by name undoes a denial by name", before: with(everything, m{"Amplitude": false, "Actions Amplitude": false}),
			body: `{"destinations":{"Amplitude":true}}`, want: everything},
		{rule: "an answer about something else leaves a denial by name", before: with(everything, m{"Braze": false}),
			body: `{"categories":{"functional":false}}`, want: with(expanded(true, true, false), m{"Braze": false})},
		{rule: "an answer about something else allows nothing new", before: expanded(true, true, true).WithDestinations(m{"Facebook Pixel": true, "Webhooks": true}),
			body: `{"categories":{"functional":false}}`, want: expanded(true, true, false).WithDestinations(m{"Facebook Pixel": true, "Webhooks": true})},
		{rule: "a new answer for the category allows what it denied", earlier: "answer=deny", body: `{"categories":{"analytics":true}}`, want: expanded(false, true, false)},
		{rule: "but not where it cannot be told from a denial by name", before: nothing, body: `{"categories":{"analytics":true}}`,
			want: consent.NewState(m{"advertising": false, "analytics": true, "functional": false}).WithDestinations(maps.Collect(nothing.Destinations()))},
		{rule: "an answer for every category replaces a denial by name", before: with(everything, m{"Braze": false}),
			body: `{"categories":{"advertising":true,"analytics":true,"functional":true}}`, want: everything},
		{rule: "other names in the cookie stay", before: consent.NewState(m{"old": true}).WithDestinations(m{"Hotjar": true}),
			body: `{"categories":{"analytics":true}}`, want: with(sitePolicy.Expand(consent.NewState(m{"old": true, "analytics": true})), m{"Hotjar": true})},
		{rule: "other names in the cookie can be answered", before: consent.NewState(m{"old": true}).WithDestinations(m{"Hotjar": true}),
			body: `{"categories":{"old":false},"destinations":{"Hotjar":false}}`,
			want: with(sitePolicy.Expand(consent.NewState(m{"old": false})), m{"Hotjar": false})},
		{rule: "a denial of everything closes them", before: consent.NewState(m{"old": true}).WithDestinations(m{"Hotjar": true}),
			body: "answer=deny", form: true, want: with(nothing, m{"Hotjar": false}).Restrict(consent.NewState(m{"old": false}))},

		{rule: "a form, with what is not ticked", before: everything, body: "category.analytics=on", form: true, want: expanded(false, true, false)},
		{rule: "a form of choices", body: "category.analytics=true&category.advertising=false&category.functional=false&destination.Braze=false", form: true, want: expanded(false, true, false)},
		{rule: "a form that accepts", before: nothing, body: "answer=accept&redirect=/", form: true, want: everything},
		{rule: "a form that denies", before: everything, body: "answer=deny", form: true, want: nothing},
		{rule: "a form with nothing ticked", before: everything, body: "answer=save", form: true, want: nothing},
		{rule: "a form of one button and one box", body: "answer=save&category.advertising=on", form: true, want: expanded(true, false, false)},

		{rule: "without Expand, categories alone", body: `{"categories":{"analytics":true}}`, literal: true, want: consent.NewState(m{"analytics": true})},
		{rule: "without Expand, destinations stay", literal: true, before: consent.NewState(m{"analytics": true}).WithDestinations(m{"Amplitude": true, "Hotjar": false}),
			body: `{"categories":{"advertising":true}}`, want: consent.NewState(m{"analytics": true, "advertising": true}).WithDestinations(m{"Amplitude": true, "Hotjar": false})},
		{rule: "without Expand, an answer by name goes under each name", literal: true,
			body: `{"destinations":{"Amplitude":true}}`, want: consent.NewState(nil).WithDestinations(m{"Amplitude": true, "Actions Amplitude": true})},
		{rule: "without Expand, a denial of everything closes every name", literal: true, before: consent.NewState(m{"analytics": true}).WithDestinations(m{"Amplitude": true, "Hotjar": true}),
			body: "answer=deny", form: true, want: consent.NewState(m{"analytics": false, "advertising": false, "functional": false}).WithDestinations(m{"Amplitude": false, "Hotjar": false})},
	} {
		t.Run(test.rule, func(t *testing.T) {
			b := newBench()
			if test.literal {
				b.Expand = nil
			}
			q := request{method: "POST", body: test.body, form: test.form}
			if test.before != (consent.State{}) {
				q.cookies = held(t, test.before)
			}
			if test.earlier != "" {
				q.cookies = sentBack(b.do(request{method: "POST", body: test.earlier, form: true}))
			}
			w := b.do(q)
			require.Equal(t, test.want.String(), saved(t, w).String())
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.Empty(t, b.errs)
			if test.form {
				require.Equal(t, http.StatusSeeOther, w.Code)
				return
			}
			got := show(t, w)
			require.True(t, got.Decided)
			require.Equal(t, maps.Collect(test.want.Categories()), got.Categories)
			require.Equal(t, maps.Collect(test.want.Destinations()), got.Destinations)

			q.method = "PUT"
			require.Equal(t, w.Body.String(), b.do(q).Body.String())
		})
	}
}

// RFC 6265 allows one Set-Cookie line per name, and a proxy may keep only the first.
func TestTheAnswerIsTheFirstLine(t *testing.T) {
	lines := func(cookies string) (list []string) {
		b := newBench()
		w := b.do(request{method: "POST", body: "answer=deny", form: true, cookies: cookies})
		for _, c := range w.Result().Cookies() {
			if c.Name == cookie.DefaultName {
				list = append(list, fmt.Sprint(c.MaxAge > 0, " ", c.Domain, c.Path))
			}
		}
		return list
	}
	one := held(t, consent.NewState(m{"analytics": true}))
	require.Equal(t, []string{"true example.com/"}, lines(""))
	require.Equal(t, []string{"true example.com/"}, lines(one))
	require.Equal(t, []string{"true example.com/"}, lines(cookie.DefaultName+"=unreadable"))
	require.Equal(t, []string{"true example.com/", "false /", "false shop.example.com/",
		"false /preferences", "false shop.example.com/preferences", "false example.com/preferences"}, lines(one+"; "+one), "of several copies one remains")
}

func TestDelete(t *testing.T) {
	everything := sitePolicy.Expand(consent.NewState(m{"advertising": true, "analytics": true, "functional": true}))
	for _, test := range []struct {
		name, cookies string
		events        int
	}{
		{"an answer", held(t, everything), 1},
		{"no answer", "", 0},
		{"an answer that cannot be read", cookie.DefaultName + "=x", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench()
			w := b.do(request{method: "DELETE", cookies: "ajs_anonymous_id=v; " + test.cookies})
			require.Equal(t, shown{Categories: m{}, Destinations: m{}}.Decided, show(t, w).Decided)
			for _, c := range w.Result().Cookies() {
				require.Equal(t, cookie.DefaultName, c.Name)
				require.Negative(t, c.MaxAge)
			}
			require.Len(t, w.Result().Cookies(), 2, "of the host and of its domain")
			sent := b.sent(t)
			require.Len(t, sent, test.events)
			for _, e := range sent {
				require.Equal(t, consent.UpdateEvent, e.Event)
				require.Equal(t, m{"advertising": false, "analytics": false, "functional": false}, e.Context.Consent.CategoryPreferences)
			}
		})
	}
}

func TestDeleteUnderAnOptOutPolicy(t *testing.T) {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, OptOut: true})
	b := newBench()
	b.Policy, b.Client = policy, consent.New(&b.segment, policy, nil)
	b.do(request{method: "DELETE", cookies: "ajs_anonymous_id=v; " + held(t, consent.NewState(m{"analytics": false}))})
	sent := b.sent(t)
	require.Len(t, sent, 1, "there is no answer to identify the visitor with")
	require.Equal(t, consent.UpdateEvent, sent[0].Event)
	require.Equal(t, m{"analytics": true}, sent[0].Context.Consent.CategoryPreferences)
	require.Empty(t, b.errs)
}

func TestRedirect(t *testing.T) {
	for _, test := range []struct {
		rule, field, referer, want string
	}{
		{"to the field", "/account?tab=privacy#top", "https://shop.example.com/other", "/account?tab=privacy#top"},
		{"as in the field", "/a//b/../c/%2F", "", "/a//b/../c/%2F"},
		{"to the page of the form", "", "https://shop.example.com/a%20b?c=d%0A#e", "/a%20b?c=d%0A"},
		{"to the page of the form, by TLS that ends elsewhere", "", "http://shop.example.com/a", "/a"},
		{"to the start page", "", "", "/"},
		{"not to another host", "", "https://evil.example/a", "/"},
		{"not to another port", "", "https://shop.example.com:8443/a", "/"},
		{"not to a user's host", "", "https://shop.example.com@evil.example/", "/"},
		{"not to another scheme", "", "javascript://shop.example.com/%0Aalert(1)", "/"},
		{"not to a host in the path", "", "https://shop.example.com//evil.example", "/"},
		{"not to what browsers take for one", "", "https://shop.example.com/\\evil.example", "/%5Cevil.example"},
		{"not without a path", "", "https://shop.example.com", "/"},
		{"not to a referer that is not a URL", "", "https://shop.example.com/%zz", "/"},
		{"not to too long a path", "", "https://shop.example.com/" + strings.Repeat("a", 3000), "/"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			form := url.Values{"answer": {"deny"}}
			if test.field != "" {
				form.Set("redirect", test.field)
			}
			q := request{method: "POST", body: form.Encode(), form: true, header: http.Header{}}
			if test.referer != "" {
				q.header.Set("Referer", test.referer)
			}
			w := newBench().do(q)
			require.Equal(t, http.StatusSeeOther, w.Code)
			require.Equal(t, test.want, w.Header().Get("Location"))
		})
	}
}
