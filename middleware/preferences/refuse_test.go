package preferences_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// Every request that is refused is sent twice: to the handler, and over a real connection. It
// changes nothing, sends nothing to Segment, and the reason contains nothing of the request.
func TestRefuse(t *testing.T) {
	const (
		accept   = `{"categories":{"analytics":true}}`
		jsonType = "application/json"
		formType = "application/x-www-form-urlencoded"

		partsType = "multipart/form-data; boundary=x"
	)
	many := func(n int, entry string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(entry, i))
		}
		return strings.Join(list, ",")
	}
	tests := []struct {
		what         string
		kind, body   string
		method       string
		header       http.Header
		want         int
		wantedReason string
	}{
		{what: "no body", kind: jsonType, want: 400},
		{what: "white space", kind: jsonType, body: " \n", want: 400},
		{what: "text", kind: jsonType, body: "SECRET", want: 400},
		{what: "null", kind: jsonType, body: "null", want: 400, wantedReason: "not an object of objects"},
		{what: "a boolean", kind: jsonType, body: "true", want: 400},
		{what: "a string", kind: jsonType, body: `"SECRET"`, want: 400},
		{what: "an array", kind: jsonType, body: "[" + accept + "]", want: 400},
		{what: "an empty object", kind: jsonType, body: "{}", want: 400, wantedReason: "names nothing"},
		{what: "empty sections", kind: jsonType, body: `{"categories":{},"destinations":{}}`, want: 400, wantedReason: "names nothing"},
		{what: "JSON cut short", kind: jsonType, body: accept[:len(accept)-1], want: 400},
		{what: "something after JSON", kind: jsonType, body: accept + accept, want: 400},
		{what: "a comma too many", kind: jsonType, body: `{"categories":{"analytics":true,}}`, want: 400},
		{what: "a byte order mark", kind: jsonType, body: "\ufeff" + accept, want: 400},
		{what: "a comment", kind: jsonType, body: accept + "//SECRET", want: 400},
		{what: "bytes that are not UTF-8", kind: jsonType, body: "{\"categories\":{\"\xff\":true}}", want: 400, wantedReason: "JSON in UTF-8"},
		{what: "half a surrogate pair", kind: jsonType, body: `{"categories":{"\ud800":true}}`, want: 400},
		{what: "deep nesting", kind: jsonType, body: strings.Repeat("[", 30_000), want: 400},
		{what: "deep nesting, closed", kind: jsonType, body: strings.Repeat(`{"categories":`, 4000) + "1" + strings.Repeat("}", 4000), want: 400},
		{what: "an unknown field", kind: jsonType, body: `{"SECRET":{"analytics":true}}`, want: 400, wantedReason: "unknown field"},
		{what: "an unknown field beside an answer", kind: jsonType, body: `{"categories":{"analytics":true},"version":1}`, want: 400, wantedReason: "unknown field"},
		{what: "a field in another casing", kind: jsonType, body: `{"Categories":{"analytics":true}}`, want: 400, wantedReason: "unknown field"},
		{what: "a field twice", kind: jsonType, body: `{"categories":{"analytics":true},"categories":{"functional":true}}`, want: 400, wantedReason: "twice"},
		{what: "categories null", kind: jsonType, body: `{"categories":null}`, want: 400},
		{what: "categories an array", kind: jsonType, body: `{"categories":["analytics"]}`, want: 400},
		{what: "categories a boolean", kind: jsonType, body: `{"categories":true}`, want: 400},
		{what: "an unknown category", kind: jsonType, body: `{"categories":{"SECRET":true}}`, want: 400, wantedReason: "unknown category"},
		{what: "an unknown category behind a known one", kind: jsonType, body: `{"categories":{"analytics":true,"SECRET":true}}`, want: 400, wantedReason: "unknown category"},
		{what: "a category in another casing", kind: jsonType, body: `{"categories":{"Analytics":true}}`, want: 400, wantedReason: "unknown category"},
		{what: "a category without a name", kind: jsonType, body: `{"categories":{"":true}}`, want: 400, wantedReason: "unknown category"},
		{what: "a category twice", kind: jsonType, body: `{"categories":{"analytics":false,"analytics":true}}`, want: 400, wantedReason: "twice"},
		{what: "a category twice, once escaped", kind: jsonType, body: `{"categories":{"analytics":false,"\u0061nalytics":true}}`, want: 400, wantedReason: "twice"},
		{what: `a category "true"`, kind: jsonType, body: `{"categories":{"analytics":"true"}}`, want: 400, wantedReason: "neither true nor false"},
		{what: "a category 1", kind: jsonType, body: `{"categories":{"analytics":1}}`, want: 400, wantedReason: "neither true nor false"},
		{what: "a category null", kind: jsonType, body: `{"categories":{"analytics":null}}`, want: 400, wantedReason: "neither true nor false"},
		{what: `a category "N/A"`, kind: jsonType, body: `{"categories":{"analytics":"N/A"}}`, want: 400},
		{what: "a category an object", kind: jsonType, body: `{"categories":{"analytics":{"analytics":true}}}`, want: 400},
		{what: "a category an array", kind: jsonType, body: `{"categories":{"analytics":[true]}}`, want: 400},
		{what: "an unknown destination", kind: jsonType, body: `{"destinations":{"SECRET":true}}`, want: 400, wantedReason: "unknown destination"},
		{what: "a destination in another casing", kind: jsonType, body: `{"destinations":{"amplitude":true}}`, want: 400, wantedReason: "unknown destination"},
		{what: "All, which is not a destination", kind: jsonType, body: `{"destinations":{"All":true}}`, want: 400, wantedReason: "unknown destination"},
		{what: "Segment.io, which is not a destination", kind: jsonType, body: `{"destinations":{"Segment.io":true}}`, want: 400, wantedReason: "unknown destination"},
		{what: "All, although the cookie has it", kind: jsonType, body: `{"destinations":{"All":true}}`, header: http.Header{
			"Cookie": {held(t, consent.NewState(m{"analytics": false}).WithDestinations(m{"All": true}))}}, want: 400, wantedReason: "unknown destination"},
		{what: "a key of a JavaScript object", kind: jsonType, body: `{"destinations":{"__proto__":true}}`, want: 400},
		{what: "a destination twice", kind: jsonType, body: `{"destinations":{"Amplitude":true,"Amplitude":false}}`, want: 400, wantedReason: "twice"},
		{what: "a destination a string", kind: jsonType, body: `{"destinations":{"Amplitude":"SECRET"}}`, want: 400, wantedReason: "neither true nor false"},
		{what: "thousands of names", kind: jsonType, body: `{"destinations":{` + many(3000, `"d%d":true`) + `}}`, want: 400},
		{what: "a number of 60,000 digits", kind: jsonType, body: `{"categories":{"analytics":` + strings.Repeat("9", 60_000) + `}}`, want: 400},
		{what: "64 KiB and a byte", kind: jsonType, body: accept + strings.Repeat(" ", 64<<10+1-len(accept)), want: 413, wantedReason: "too long"},
		{what: "a megabyte", kind: jsonType, body: `{"categories":{"` + strings.Repeat("a", 1<<20) + `":true}}`, want: 413, wantedReason: "too long"},
		{what: "a form of a megabyte", kind: formType, body: "answer=" + strings.Repeat("a", 1<<20), want: 413},
		{what: "what does not fit a cookie", kind: jsonType, body: accept, header: http.Header{
			"Cookie": {held(t, consent.NewState(nil).WithDestinations(m{strings.Repeat("d", 3950): false}))}}, want: 422, wantedReason: "does not fit a cookie"},

		{what: "an empty form", kind: formType, want: 400, wantedReason: "names nothing"},
		{what: "a form with nothing but a redirect", kind: formType, body: "redirect=/", want: 400, wantedReason: "names nothing"},
		{what: "an unknown field of a form", kind: formType, body: "analytics=true&answer=save", want: 400, wantedReason: "unknown field"},
		{what: "an unknown category of a form", kind: formType, body: "category.SECRET=true", want: 400, wantedReason: "unknown category"},
		{what: "a category of a form without a name", kind: formType, body: "category.=true", want: 400, wantedReason: "unknown category"},
		{what: "an unknown destination of a form", kind: formType, body: "destination.SECRET=true", want: 400, wantedReason: "unknown destination"},
		{what: "a category of a form twice", kind: formType, body: "category.analytics=false&category.analytics=true", want: 400, wantedReason: "twice"},
		{what: "a category of a form without a value", kind: formType, body: "category.analytics", want: 400, wantedReason: "neither true nor false"},
		{what: "a category of a form yes", kind: formType, body: "category.analytics=yes", want: 400, wantedReason: "neither true nor false"},
		{what: "a category of a form True", kind: formType, body: "category.analytics=True", want: 400, wantedReason: "neither true nor false"},
		{what: "an invalid answer", kind: formType, body: "answer=SECRET", want: 400, wantedReason: "not accept, deny or save"},
		{what: "two answers", kind: formType, body: "answer=deny&answer=accept", want: 400, wantedReason: "twice"},
		{what: "an answer without a value", kind: formType, body: "answer=", want: 400},
		{what: "an answer for everything and for one", kind: formType, body: "answer=accept&category.analytics=false", want: 400, wantedReason: "for everything"},
		{what: "a bad escape", kind: formType, body: "answer=accept&category.%zz=true", want: 400, wantedReason: "cannot be read"},
		{what: "a semicolon", kind: formType, body: "answer=accept;redirect=/", want: 400},
		{what: "JSON as a form", kind: formType, body: accept, want: 400},
		{what: "a form as JSON", kind: jsonType, body: "answer=accept", want: 400},

		{what: "a redirect to another site", kind: formType, body: "answer=accept&redirect=https://evil.example/SECRET", want: 400, wantedReason: "redirect"},
		{what: "a redirect to another host", kind: formType, body: "answer=accept&redirect=//evil.example", want: 400, wantedReason: "redirect"},
		{what: "a redirect with a backslash", kind: formType, body: `answer=accept&redirect=/\evil.example`, want: 400, wantedReason: "redirect"},
		{what: "a redirect with a backslash behind a dot", kind: formType, body: `answer=accept&redirect=/./\evil.example`, want: 400},
		{what: "a redirect with a tab that browsers leave out", kind: formType, body: "answer=accept&redirect=/%09/evil.example", want: 400},
		{what: "a redirect with a line feed", kind: formType, body: "answer=accept&redirect=/%0a/evil.example", want: 400},
		{what: "a redirect with a second header", kind: formType, body: "answer=accept&redirect=/%0d%0aSet-Cookie:SECRET", want: 400},
		{what: "a redirect with a NUL", kind: formType, body: "answer=accept&redirect=/%00", want: 400},
		{what: "a redirect with a space in front", kind: formType, body: "answer=accept&redirect=+/", want: 400},
		{what: "a redirect to a script", kind: formType, body: "answer=accept&redirect=javascript:alert(1)", want: 400},
		{what: "a redirect to a page beside", kind: formType, body: "answer=accept&redirect=home", want: 400},
		{what: "two redirects", kind: formType, body: "answer=accept&redirect=/&redirect=/a", want: 400, wantedReason: "twice"},
		{what: "a redirect of 3,000 bytes", kind: formType, body: "answer=accept&redirect=/" + strings.Repeat("a", 3000), want: 400},
		{what: "a redirect that is not ASCII", kind: formType, body: "answer=accept&redirect=/%e2%81%84evil.example", want: 400},

		{what: "no type", body: accept, want: 415, wantedReason: "neither JSON nor a form"},
		{what: "text that is not JSON", kind: "text/plain;charset=UTF-8", body: "answer=accept", want: 400},
		{what: "text in another charset", kind: "text/plain; charset=iso-8859-1", body: accept, want: 415},
		{what: "64 KiB and a byte of text", kind: "text/plain", body: accept + strings.Repeat(" ", 64<<10+1-len(accept)), want: 413, wantedReason: "too long"},
		{what: "HTML", kind: "text/html", body: accept, want: 415},
		{what: "a type like JSON", kind: "application/json5", body: accept, want: 415},
		{what: "a form without a part", kind: partsType, body: "--x--", want: 400, wantedReason: "names nothing"},
		{what: "a form of parts without a boundary", kind: "multipart/form-data", body: "--x--", want: 415},
		{what: "a form of parts in another charset", kind: partsType + "; charset=utf-16", body: "--x--", want: 415},
		{what: "no form of parts", kind: partsType, body: "SECRET", want: 400, wantedReason: "cannot be read"},
		{what: "a form of parts cut short", kind: partsType, body: part("answer", "accept"), want: 400, wantedReason: "cannot be read"},
		{what: "a part without a name", kind: partsType, body: "--x\r\n\r\naccept\r\n--x--", want: 400, wantedReason: "unknown field"},
		{what: "a part of an unknown name", kind: partsType, body: part("SECRET", "accept") + "--x--", want: 400, wantedReason: "unknown field"},
		{what: "a file", kind: partsType, body: strings.Replace(part("answer", "accept"), `"answer"`, `"answer"; filename="f"`, 1) + "--x--", want: 400, wantedReason: "file"},
		{what: "two answers in parts", kind: partsType, body: part("answer", "accept") + part("answer", "deny") + "--x--", want: 400, wantedReason: "twice"},
		{what: "parts of a megabyte", kind: partsType, body: part("answer", strings.Repeat("a", 1<<20)) + "--x--", want: 413, wantedReason: "too long"},
		{what: "thousands of parts", kind: partsType, body: strings.Repeat(part("a", ""), 10_000) + "--x--", want: 413, wantedReason: "too long"},
		{what: "an invalid type", kind: "application/json; charset", body: accept, want: 415},
		{what: "another charset", kind: "application/json; charset=utf-16", body: accept, want: 415},
		{what: "another charset of a form", kind: formType + "; charset=iso-8859-1", body: "answer=accept", want: 415},
		{what: "two types", header: http.Header{"Content-Type": {jsonType, formType}}, body: accept, want: 415},
		{what: "a compressed body", kind: jsonType, header: http.Header{"Content-Encoding": {"gzip"}}, body: accept, want: 415},

		{what: "another method", method: "PATCH", kind: jsonType, body: accept, want: 405},
		{what: "an unknown method", method: "SECRET", kind: jsonType, body: accept, want: 405},
		{what: "a preflight", method: "OPTIONS", header: http.Header{"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"PUT"}}, want: 405},
		{what: "another site", kind: formType, body: "answer=accept", header: http.Header{"Sec-Fetch-Site": {"cross-site"}}, want: 403, wantedReason: "another site"},
		{what: "another host of the site", kind: formType, body: "answer=accept", header: http.Header{"Sec-Fetch-Site": {"same-site"}}, want: 403},
		{what: "another origin, of an old browser", kind: formType, body: "answer=accept", header: http.Header{"Origin": {"https://evil.example"}}, want: 403},
		{what: "an origin that is hidden", kind: formType, body: "answer=accept", header: http.Header{"Origin": {"null"}}, want: 403},
		{what: "another site, by PUT", method: "PUT", kind: jsonType, body: accept, header: http.Header{"Sec-Fetch-Site": {"cross-site"}}, want: 403},
		{what: "another site, by DELETE", method: "DELETE", header: http.Header{"Sec-Fetch-Site": {"cross-site"}}, want: 403},
	}
	require.Greater(t, len(tests), 90)

	b := newBench()
	b.ForgetIdentity = true
	server := httptest.NewServer(b)
	defer server.Close()
	address := server.Listener.Addr().String()
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			method := test.method
			if method == "" {
				method = "POST"
			}
			prepare := func(r *http.Request) *http.Request {
				r.Header.Set("Cookie", "ajs_anonymous_id=SECRET")
				if test.kind != "" {
					r.Header.Set("Content-Type", test.kind)
				}
				for name, values := range test.header {
					r.Header[name] = values
				}
				return r
			}
			check := func(status int, h http.Header, body string) {
				require.Equal(t, test.want, status, body)
				require.Empty(t, h["Set-Cookie"])
				require.Equal(t, "no-store", h.Get("Cache-Control"))
				require.Equal(t, "text/plain; charset=utf-8", h.Get("Content-Type"))
				require.Empty(t, h.Get("Location"))
				require.Empty(t, h.Get("Access-Control-Allow-Origin"))
				require.Contains(t, body, test.wantedReason)
				require.NotContains(t, body, "SECRET")
				require.NotContains(t, body, "evil")
				require.Less(t, len(body), 200)
				require.Empty(t, b.segment.Events())
			}
			w := httptest.NewRecorder()
			b.ServeHTTP(w, prepare(httptest.NewRequest(method, "/preferences", strings.NewReader(test.body))))
			check(w.Code, w.Header(), w.Body.String())

			r, err := http.NewRequest(method, "http://"+address+"/preferences", strings.NewReader(test.body))
			require.NoError(t, err)
			status, h, body := send(t, prepare(r))
			check(status, h, body)
		})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, err := range b.errs {
		require.NotContains(t, err.Error(), "SECRET")
	}
}

// part is a field of a form of parts.
func part(name, value string) string {
	return fmt.Sprintf("--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, value)
}

// send sends the request unchanged, and does not follow a redirect.
func send(t *testing.T, r *http.Request) (status int, h http.Header, body string) {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(text)
}
