package preferences_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// The answer is the same for every content type, and whether or not the form was parsed before.
func TestBodyTypes(t *testing.T) {
	const urlencoded, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
	encoded := "category.analytics=on&answer=save&csrf=token&redirect="
	inParts := part("category.analytics", "on") + part("answer", "save") + part("csrf", "token") + part("redirect", "") + "--x--"
	json := `{"categories":{"analytics":true,"advertising":false,"functional":false}}`
	nothing := func(*http.Request) {}
	for _, test := range []struct {
		rule, kind, body string
		before           func(*http.Request)
		status           int
	}{
		{"a form", urlencoded, encoded, nothing, 303},
		{"a form that PostFormValue read", urlencoded, encoded, func(r *http.Request) { r.PostFormValue("csrf") }, 303},
		{"a form that FormValue read", urlencoded, encoded, func(r *http.Request) { r.FormValue("_method") }, 303},
		{"a form that ParseForm read", urlencoded, encoded, func(r *http.Request) { _ = r.ParseForm() }, 303},
		{"a form of parts", parts, inParts, nothing, 303},
		{"a form of parts that was read", parts, inParts, func(r *http.Request) { _ = r.ParseMultipartForm(1 << 20) }, 303},
		{"a form of parts that PostFormValue read", parts, inParts, func(r *http.Request) { r.PostFormValue("csrf") }, 303},
		{"a form of parts after ParseForm", parts, inParts, func(r *http.Request) { _ = r.ParseForm() }, 303},
		{"JSON", "application/json", json, nothing, 200},
		{"JSON after ParseForm", "application/json", json, func(r *http.Request) { _ = r.ParseForm() }, 200},
		{"JSON after PostFormValue", "application/json", json, func(r *http.Request) { r.PostFormValue("csrf") }, 200},
		{"what sendBeacon makes of a string", "text/plain;charset=UTF-8", json, nothing, 200},
		{"what sendBeacon makes of parameters", "application/x-www-form-urlencoded;charset=UTF-8", encoded, nothing, 303},
	} {
		t.Run(test.rule, func(t *testing.T) {
			for _, method := range []string{"POST", "PUT"} {
				b := newBench()
				b.IgnoreFields = []string{"csrf", "_method"}
				r := httptest.NewRequest(method, "https://shop.example.com/preferences?answer=accept", strings.NewReader(test.body))
				r.Header.Set("Content-Type", test.kind)
				r.Header.Set("Referer", "https://shop.example.com/account")
				test.before(r)
				w := httptest.NewRecorder()
				b.ServeHTTP(w, r)
				require.Equal(t, test.status, w.Code, w.Body)
				require.Equal(t, sitePolicy.Expand(consent.NewState(m{"analytics": true, "advertising": false, "functional": false})), saved(t, w))
				if test.status == 303 {
					require.Equal(t, "/account", w.Header().Get("Location"), "an empty redirect is none")
				}
			}
		})
	}
}

// A form that other code has parsed is bounded and copied.
func TestParsedFormsAreBounded(t *testing.T) {
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded": "answer=deny&csrf=" + strings.Repeat("a", 64<<10),
		"multipart/form-data; boundary=x":   part("answer", "deny") + part("csrf", strings.Repeat("a", 64<<10)) + "--x--",
	} {
		b := newBench()
		b.IgnoreFields = []string{"csrf"}
		r := httptest.NewRequest("POST", "https://shop.example.com/preferences", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		_ = r.ParseMultipartForm(1 << 20) // it fails for this type, but still reads it
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		require.Equal(t, 413, w.Code)
		require.NotEmpty(t, r.PostForm.Get("csrf"))
	}
}

func TestParsedFileIsNotAnAnswer(t *testing.T) {
	b := newBench()
	file := strings.Replace(part("category.analytics", "on"), `on"`, `on"; filename="f"`, 1)
	r := httptest.NewRequest("POST", "https://shop.example.com/preferences", strings.NewReader(part("answer", "save")+part("file", "")+file+"--x--"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	reader, err := r.MultipartReader()
	require.NoError(t, err)
	_, err = reader.NextPart()
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, r.Body)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	require.Equal(t, 400, w.Code, "a body that others took")
	require.Empty(t, w.Header()["Set-Cookie"])
}
