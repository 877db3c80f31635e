package preferences_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware/preferences"
)

// A sequence holds the answers of one browser, in JSON or as a form.
func (b *bench) sequence(t testing.TB, cookies string, answers ...string) *httptest.ResponseRecorder {
	t.Helper()
	var w *httptest.ResponseRecorder
	for _, answer := range answers {
		w = b.do(request{method: "POST", body: answer, form: !strings.HasPrefix(answer, "{"), cookies: cookies})
		require.Less(t, w.Code, 400, w.Body)
		cookies = sentBack(w)
	}
	return w
}

func TestDenialByNameStays(t *testing.T) {
	const (
		deny  = `{"destinations":{"Actions Amplitude":false}}`
		grant = `{"categories":{"analytics":true}}`
		shut  = `{"categories":{"analytics":false}}`
	)
	full := `{"categories":{"analytics":true,"advertising":true,"functional":true}}`
	for _, test := range []struct {
		rule    string
		answers []string
		want    consent.Choice
	}{
		{"through a grant of its category", []string{deny, grant}, consent.Denied},
		{"through its category closed and opened", []string{grant, deny, shut, grant}, consent.Denied},
		{"through a denial of everything", []string{deny, "answer=deny", grant}, consent.Denied},
		{"through a form that denies its category", []string{deny, "category.advertising=on", grant}, consent.Denied},
		{"through other categories", []string{grant, deny, `{"categories":{"advertising":true}}`, grant}, consent.Denied},
		{"through other names", []string{grant, deny, `{"destinations":{"Braze":false}}`, grant}, consent.Denied},
		{"until it is named, by any of its names", []string{grant, deny, `{"destinations":{"Amplitude":true}}`}, consent.Granted},
		{"until it is named, while its category is denied", []string{deny, shut, `{"destinations":{"Amplitude":true}}`, grant}, consent.Granted},
		{"until everything is accepted", []string{deny, "answer=accept"}, consent.Granted},
		{"until every category is named", []string{deny, full}, consent.Granted},
		{"but no more then", []string{deny, full, shut, grant}, consent.Granted},
		{"what was denied for its category is granted with it", []string{"answer=deny", grant}, consent.Granted},
	} {
		t.Run(test.rule, func(t *testing.T) {
			b := newBench()
			after := saved(t, b.sequence(t, "", test.answers...))
			for _, name := range []string{"Amplitude", "Actions Amplitude"} {
				require.Equal(t, test.want, after.Destination(name))
			}
			require.Equal(t, test.want == consent.Granted, sitePolicy.Decide(after).Allows("Amplitude"))
			require.Empty(t, b.errs)
		})
	}
}

// An answer for the only category may be about that category alone, and not about everything.
func TestDenialByNameStaysWithOneCategory(t *testing.T) {
	policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Hotjar", "Heap"}}})
	b := newBench()
	b.Policy, b.Expand = policy, policy.Expand
	after := saved(t, b.sequence(t, "", `{"destinations":{"Hotjar":false}}`, `{"categories":{"analytics":true}}`))
	require.Equal(t, m{"Hotjar": false, "Heap": true}, collect(after.Destinations()))
}

// The companion cookie only closes. If it does not belong to the answer, every denial counts as
// one by name.
func TestWithoutItsCompanionEveryDenialStays(t *testing.T) {
	const name = cookie.DefaultName + "-denied="
	b := newBench()
	both := sentBack(b.do(request{method: "POST", body: "answer=deny", form: true}))
	answer, companion, ok := strings.Cut(both, "; ")
	require.True(t, ok)
	require.True(t, strings.HasPrefix(companion, name), companion)
	other := sentBack(b.do(request{method: "POST", body: `{"categories":{"advertising":false}}`}))
	_, other, _ = strings.Cut(other, "; ")
	for rule, test := range map[string]struct {
		cookies string
		want    consent.Choice
	}{
		"its own":             {both, consent.Granted},
		"none":                {answer, consent.Denied},
		"of another answer":   {answer + "; " + other, consent.Denied},
		"twice":               {both + "; " + companion, consent.Denied},
		"empty":               {answer + "; " + name, consent.Denied},
		"of a newer version":  {answer + "; " + strings.Replace(companion, "=1.", "=2.", 1), consent.Denied},
		"without an answer":   {answer + "; " + name + "1..", consent.Denied},
		"with half a name":    {both + "abc", consent.Denied},
		"with a name twice":   {both + "abcdefabcdef", consent.Denied},
		"names out of order":  {both + "bbbbbbaaaaaa", consent.Denied},
		"too long":            {both + strings.Repeat("abcdef", 200), consent.Denied},
		"with a name of none": {both + "abcdef", consent.Granted},
	} {
		t.Run(rule, func(t *testing.T) {
			after := saved(t, b.sequence(t, test.cookies, `{"categories":{"analytics":true}}`))
			require.Equal(t, test.want, after.Destination("Amplitude"))
			after = saved(t, b.sequence(t, test.cookies, "answer=accept"))
			require.Equal(t, consent.Granted, after.Destination("Amplitude"), "an answer about everything allows it")
		})
	}
}

func TestTheCompanionHasTheAttributesOfTheAnswer(t *testing.T) {
	b := newBench()
	b.Codec = cookie.Codec{Template: http.Cookie{Name: "p", Path: "/shop", MaxAge: 60}}
	w := b.do(request{method: "POST", body: `{"destinations":{"Amplitude":false}}`})
	set := w.Result().Cookies()
	require.Len(t, set, 2)
	answer, companion := set[0], set[1]
	require.Equal(t, "p-denied", companion.Name)
	require.Less(t, len(companion.Value), 40)
	require.True(t, companion.HttpOnly)
	require.Equal(t, []any{answer.Domain, answer.Path, answer.MaxAge, answer.Secure, answer.SameSite},
		[]any{companion.Domain, companion.Path, companion.MaxAge, companion.Secure, companion.SameSite})

	w = b.do(request{method: "POST", body: "answer=accept", form: true, cookies: sentBack(w)})
	set = w.Result().Cookies()
	require.Len(t, set, 2, "nothing is denied, so it goes")
	require.Negative(t, set[1].MaxAge)
	require.Empty(t, set[1].Value)

	b.Expand = nil
	require.Len(t, b.do(request{method: "POST", body: "answer=deny", form: true}).Result().Cookies(), 1, "nothing to tell apart")
}

// With more names than it can hold there is no companion, and every denial stays.
func TestTooManyDenialsForACompanion(t *testing.T) {
	c := destinations.Config{Categories: map[string][]string{"a": nil, "b": nil}}
	denied := make(m)
	for i := range 200 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26))
		c.Categories["a"] = append(c.Categories["a"], name)
		denied[name] = false
	}
	policy := destinations.MustCompile(c)
	b := newBench()
	b.Handler = preferences.Handler{Policy: policy, Expand: policy.Expand}
	w := b.sequence(t, "", "answer=accept", `{"destinations":`+toJSON(t, denied)+`}`)
	require.Len(t, w.Result().Cookies(), 1)
	w = b.sequence(t, sentBack(w), `{"categories":{"a":true}}`)
	require.Equal(t, denied, collect(saved(t, w).Destinations()))
}
