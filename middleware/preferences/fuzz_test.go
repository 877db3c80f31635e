package preferences_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware/preferences"
)

// Whatever the body and the cookie are, an answer is accepted as a whole or not at all, Segment is
// told of the whole answer or of nothing, and a redirect stays on the host.
func FuzzHandler(f *testing.F) {
	f.Add(true, `{"categories":{"analytics":true,"advertising":false},"destinations":{"Amplitude":false}}`, "", "")
	f.Add(true, `{"categories":{"analytics":true,"\u0061nalytics":false}}`, "x", "https://shop.example.com//a")
	f.Add(true, `{"destinations":{"Hotjar":true,"All":true}}`, "{%22destinations%22:{%22Hotjar%22:false%2C%22All%22:true}}", "")
	f.Add(false, "answer=accept&redirect=/a?b#c", "{%22custom%22:{%22analytics%22:false}}", "")
	f.Add(false, "category.analytics=on&destination.Actions+Amplitude=false", "", `https://shop.example.com/\a`)
	f.Add(false, `answer=deny&redirect=/./\evil.example`, "", "https://shop.example.com/a/..//evil.example")
	f.Fuzz(func(t *testing.T, isJSON bool, body, value, referer string) {
		var segment consenttest.Recorder
		var errs []error
		handler := preferences.Handler{
			Policy: sitePolicy, Client: consent.New(&segment, sitePolicy, nil), Expand: sitePolicy.Expand,
			OnError: func(_ *http.Request, err error) { errs = append(errs, err) },
		}
		r := httptest.NewRequest("POST", "http://shop.example.com/preferences", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if isJSON {
			r.Header.Set("Content-Type", "application/json")
		}
		r.Header["Cookie"] = []string{"ajs_anonymous_id=v; " + cookie.DefaultName + "=" + value}
		r.Header["Referer"] = []string{referer}
		before, unreadable := cookie.Codec{}.Consent(r)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)

		set := w.Result().Cookies()
		if w.Code >= 400 {
			if w.Code >= 500 || len(set) > 0 || len(segment.Events()) > 0 {
				t.Fatalf("%d with %v and %d events", w.Code, set, len(segment.Events()))
			}
			return
		}
		if len(set) == 0 || len(segment.Events()) == 0 {
			t.Fatalf("%d with %v and %d events", w.Code, set, len(segment.Events()))
		}
		if len(errs) > 0 && unreadable == nil {
			t.Fatal(errs)
		}
		after, err := cookie.Decode(set[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		if isJSON {
			checkAnswer(t, body, before, after)
		} else if target := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !staysAt("http://shop.example.com", target) {
			t.Fatalf("%d to %q", w.Code, target)
		}
		// What was denied, and is not mentioned, stays denied.
		for name, granted := range before.Categories() {
			if isJSON && !granted && !strings.Contains(body, name) && !strings.Contains(body, `\`) && after.Category(name) != consent.Denied {
				t.Fatalf("%q is %v after %s", name, after.Category(name), body)
			}
		}
	})
}

// checkAnswer compares the answer with what encoding/json reads from the body.
func checkAnswer(t *testing.T, body string, before, after consent.State) {
	t.Helper()
	var answer map[string]map[string]bool
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("taken, and no answer: %v", err)
	}
	if known := maps.Collect(sitePolicy.Decide(consent.NewState(nil)).Categories()); len(answer["categories"]) > 0 {
		for name, granted := range answer["categories"] {
			if _, ok := known[name]; !ok && before.Category(name) == consent.Unknown {
				t.Fatalf("an unknown category %q is taken", name)
			}
			if (after.Category(name) == consent.Granted) != granted {
				t.Fatalf("%q is %v after %s", name, after.Category(name), body)
			}
		}
	}
	for name, granted := range answer["destinations"] {
		if !granted && after.Destination(name) != consent.Denied {
			t.Fatalf("%q is %v after %s", name, after.Destination(name), body)
		}
	}
	decision := sitePolicy.Decide(after)
	for name, granted := range answer["destinations"] {
		if !granted && name != "Webhooks" && decision.Allows(name) {
			t.Fatalf("%q is allowed after %s", name, body)
		}
	}
}

// staysAt reports whether a browser at base that is redirected to target stays at that host. It
// reads target as browsers do: it drops control characters and reads a backslash as a slash.
func staysAt(base, target string) bool {
	target = strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return -1
		case r == '\\':
			return '/'
		}
		return r
	}, target)
	from, err := url.Parse(base)
	if err != nil {
		return false
	}
	to, err := from.Parse(target)
	return err == nil && to.Scheme == from.Scheme && to.Host == from.Host && strings.HasPrefix(target, "/")
}
