package analyticsjs_test

import (
	"encoding/json"
	"html/template"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware/analyticsjs"
)

var loader = analyticsjs.Loader{WriteKey: "k3y"}

func allowedVerdict(name string) consent.Verdict {
	return consent.Verdict{Destination: name, Allowed: true, Reason: consent.ReasonCategoriesGranted}
}

func deniedVerdict(name string) consent.Verdict {
	return consent.Verdict{Destination: name, Reason: consent.ReasonCategoryDenied}
}

func decision(verdicts ...consent.Verdict) consent.Decision {
	return consent.NewDecision(map[string]bool{"ads": false, "use": true}, verdicts, false)
}

func script(t *testing.T, l analyticsjs.Loader, d consent.Decision) string {
	t.Helper()
	s, err := l.Script(d, "")
	require.NoError(t, err)
	return string(s)
}

// arguments returns the JSON values that the script passes to its function: the host, the write
// key, the options, the consent object, whether to report the page, the nonce, and the names and
// values of the cookies with the answer.
func arguments(t *testing.T, script string) (list []any) {
	t.Helper()
	found := regexp.MustCompile(`(?s)\}\)\((.*)\);\s*</script>\s*$`).FindStringSubmatch(script)
	require.Len(t, found, 2, script)
	require.NoError(t, json.Unmarshal([]byte("["+found[1]+"]"), &list), found[1])
	require.Len(t, list, 8)
	return list
}

func TestLoaderOpensWhatIsAllowedAndClosesTheRest(t *testing.T) {
	always := consent.Verdict{Destination: "Webhooks", Allowed: true, Reason: consent.ReasonAlways}
	require.Equal(t, []any{
		"cdn.segment.com",
		"k3y",
		map[string]any{"integrations": map[string]any{
			"All": false, "Segment.io": true, "Warehouses": false,
			"Amplitude": true, "Webhooks": true,
		}},
		map[string]any{"categoryPreferences": map[string]any{"ads": false, "use": true}},
		false,
		"",
		[]any{"tracking-preferences"},
		nil,
	}, arguments(t, script(t, loader, decision(allowedVerdict("Amplitude"), deniedVerdict("Facebook Pixel"), always))))

	warehouses := arguments(t, script(t, loader, decision(allowedVerdict("Warehouses"))))
	require.Equal(t, true, warehouses[2].(map[string]any)["integrations"].(map[string]any)["Warehouses"])

	open := consent.NewDecision(map[string]bool{"use": true}, []consent.Verdict{allowedVerdict("Amplitude")}, true)
	require.Equal(t, false, arguments(t, script(t, loader, open))[2].(map[string]any)["integrations"].(map[string]any)["All"],
		"what the policy does not list is closed in the page")
}

func TestLoaderRendersNothingWhenNothingIsGranted(t *testing.T) {
	always := consent.Verdict{Destination: "Webhooks", Allowed: true, Reason: consent.ReasonAlways}
	for name, d := range map[string]consent.Decision{
		"the zero Decision":                {},
		"everything is denied":             decision(deniedVerdict("Amplitude")),
		"only the strictly necessary":      decision(deniedVerdict("Amplitude"), always),
		"no verdict, unlisted are allowed": consent.NewDecision(map[string]bool{"use": true}, nil, true),
		"no category":                      consent.NewDecision(nil, []consent.Verdict{allowedVerdict("Amplitude")}, false),
		"a denied one cannot be stopped":   decision(allowedVerdict("Amplitude"), deniedVerdict("Amazon S3")),
	} {
		require.Empty(t, script(t, loader, d), name)
	}
}

func TestLoaderRefuses(t *testing.T) {
	d := decision(allowedVerdict("Amplitude"))
	for name, test := range map[string]struct {
		loader analyticsjs.Loader
		nonce  string
	}{
		"no write key":                {analyticsjs.Loader{}, ""},
		"a write key with a slash":    {analyticsjs.Loader{WriteKey: "k/../x"}, ""},
		"a write key with a quote":    {analyticsjs.Loader{WriteKey: `k"`}, ""},
		"a write key with a newline":  {analyticsjs.Loader{WriteKey: "k\n"}, ""},
		"a write key beyond ASCII":    {analyticsjs.Loader{WriteKey: "ké"}, ""},
		"a long write key":            {analyticsjs.Loader{WriteKey: strings.Repeat("k", 101)}, ""},
		"a host with a scheme":        {analyticsjs.Loader{WriteKey: "k", Host: "https://cdn.segment.com"}, ""},
		"nothing but a slash":         {analyticsjs.Loader{WriteKey: "k", Host: "/"}, ""},
		"a path without a host":       {analyticsjs.Loader{WriteKey: "k", Host: "/segment"}, ""},
		"a path of dots":              {analyticsjs.Loader{WriteKey: "k", Host: "www.example.com/a/../b"}, ""},
		"an empty part of a path":     {analyticsjs.Loader{WriteKey: "k", Host: "www.example.com//segment"}, ""},
		"two final slashes":           {analyticsjs.Loader{WriteKey: "k", Host: "www.example.com/segment//"}, ""},
		"a path with a query":         {analyticsjs.Loader{WriteKey: "k", Host: "www.example.com/segment?a=b"}, ""},
		"a path with a fragment":      {analyticsjs.Loader{WriteKey: "k", Host: "www.example.com/segment#a"}, ""},
		"a path with an escape":       {analyticsjs.Loader{WriteKey: "k", Host: "www.example.com/%2e%2e"}, ""},
		"a path with a backslash":     {analyticsjs.Loader{WriteKey: "k", Host: `www.example.com/a\b`}, ""},
		"a path with a quote":         {analyticsjs.Loader{WriteKey: "k", Host: `www.example.com/a"b`}, ""},
		"a long path":                 {analyticsjs.Loader{WriteKey: "k", Host: "www.example.com/" + strings.Repeat("a", 201)}, ""},
		"a host with a port":          {analyticsjs.Loader{WriteKey: "k", Host: "cdn.segment.com:444"}, ""},
		"a host with a user":          {analyticsjs.Loader{WriteKey: "k", Host: "cdn.segment.com@evil.example"}, ""},
		"a host in capitals":          {analyticsjs.Loader{WriteKey: "k", Host: "CDN.segment.com"}, ""},
		"a host without a dot":        {analyticsjs.Loader{WriteKey: "k", Host: "cdn"}, ""},
		"a host with an empty label":  {analyticsjs.Loader{WriteKey: "k", Host: "cdn..com"}, ""},
		"a host with a final dot":     {analyticsjs.Loader{WriteKey: "k", Host: "cdn.segment.com."}, ""},
		"a long host":                 {analyticsjs.Loader{WriteKey: "k", Host: strings.Repeat("a.", 130) + "com"}, ""},
		"a nonce with a quote":        {loader, `a"b`},
		"a nonce with a space":        {loader, "a b"},
		"a nonce with a sign between": {loader, "a=b"},
		"a long nonce":                {loader, strings.Repeat("a", 201)},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := test.loader.Script(d, test.nonce)
			require.ErrorIs(t, err, analyticsjs.ErrLoader)
			require.Empty(t, s)
			for _, given := range []string{test.loader.WriteKey, test.loader.Host, test.nonce} {
				if len(given) > 2 {
					require.NotContains(t, err.Error(), given)
				}
			}
			_, err = test.loader.Script(consent.Decision{}, test.nonce)
			require.ErrorIs(t, err, analyticsjs.ErrLoader, "found for the first visitor")
		})
	}
}

// A policy that lists nothing decides by the names in the visitor's own cookie.
func TestLoaderEscapesNamesOfTheVisitor(t *testing.T) {
	hostile := []string{
		"</script><script>alert(1)//", "<!--<script>", `"]});alert(1)//`, "${alert(1)}", "a\u2028\u2029b", `\`, "'", "`",
		"{{.Key}}", "__proto__", "a&b", "\x00\n",
	}
	var verdicts []consent.Verdict
	for _, name := range hostile {
		verdicts = append(verdicts, allowedVerdict(name))
	}
	rendered := script(t, loader, decision(verdicts...))
	require.Equal(t, 1, strings.Count(rendered, "<script"))
	require.Equal(t, 1, strings.Count(rendered, "</script"))
	require.NotContains(t, rendered, "<!--")
	require.NotContains(t, rendered, "\u2028")
	integrations := arguments(t, rendered)[2].(map[string]any)["integrations"].(map[string]any)
	for _, name := range hostile {
		require.Equal(t, true, integrations[name], "%q", name)
	}
	require.Len(t, integrations, len(hostile)+3)
}

func TestLoaderWithEveryField(t *testing.T) {
	l := analyticsjs.Loader{WriteKey: "AbC123", Host: "cdn.shop-2.example", Page: true}
	s, err := l.Script(decision(allowedVerdict("Amplitude")), "aB3+/-_==")
	require.NoError(t, err)
	list := arguments(t, string(s))
	require.Equal(t, []any{"cdn.shop-2.example", "AbC123"}, list[:2])
	require.Equal(t, []any{true, "aB3+/-_=="}, list[4:6])

	page := template.Must(template.New("").Parse(`<head>{{.}}</head>`))
	var b strings.Builder
	require.NoError(t, page.Execute(&b, s))
	require.True(t, strings.HasPrefix(b.String(), `<head><script nonce="aB3&#43;/-_==">`), b.String())
}

func TestLoaderBelowAPath(t *testing.T) {
	for given, want := range map[string]string{
		"www.example.com/segment":       "www.example.com/segment",
		"www.example.com/segment/":      "www.example.com/segment",
		"www.example.com/a.b/~c_D-1/v2": "www.example.com/a.b/~c_D-1/v2",
		"www.example.com/":              "www.example.com",
	} {
		l := analyticsjs.Loader{WriteKey: "k", Host: given}
		require.Equal(t, want, arguments(t, script(t, l, decision(allowedVerdict("Amplitude"))))[0])
	}
}

func TestLoaderForKnowsTheCookiesOfTheRequest(t *testing.T) {
	for name, test := range map[string]struct {
		names  []string
		header []string
		want   []any
	}{
		"the default":        {nil, []string{"a=b; tracking-preferences={%22x%22:1}; c=d"}, []any{"tracking-preferences={%22x%22:1}"}},
		"no cookie":          {nil, nil, []any{}},
		"two copies":         {nil, []string{"tracking-preferences=1; tracking-preferences=2"}, []any{"tracking-preferences=1", "tracking-preferences=2"}},
		"two lines":          {nil, []string{"tracking-preferences=1", "tracking-preferences=2"}, []any{"tracking-preferences=1", "tracking-preferences=2"}},
		"another spelling":   {nil, []string{"tracking%2Dpreferences=1; tracking%2-preferences=2"}, []any{"tracking%2Dpreferences=1"}},
		"a name to escape":   {[]string{"my choice;é"}, []string{"my%20choice%3B%C3%A9=1"}, []any{"my%20choice%3B%C3%A9=1"}},
		"several names":      {[]string{"a", "b"}, []string{"b=1; tracking-preferences=2; a=3"}, []any{"b=1", "a=3"}},
		"none":               {[]string{}, []string{"tracking-preferences=1"}, []any{}},
		"a hostile value":    {nil, []string{`tracking-preferences=</script>"\'` + "\u2028\xff"}, []any{`tracking-preferences=</script>"\'` + "\u2028\ufffd"}},
		"a cookie without =": {nil, []string{"tracking-preferences"}, []any{"tracking-preferences="}},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header["Cookie"] = test.header
			l := loader
			l.Cookies = test.names
			rendered := script(t, l.For(r), decision(allowedVerdict("Amplitude")))
			require.Equal(t, 1, strings.Count(rendered, "</script"))
			require.Equal(t, test.want, arguments(t, rendered)[7])
			require.Nil(t, arguments(t, script(t, l, decision(allowedVerdict("Amplitude"))))[7], "For changes a copy")
		})
	}
	require.Equal(t, []any{}, arguments(t, script(t, loader.For(nil), decision(allowedVerdict("Amplitude"))))[7])
}
