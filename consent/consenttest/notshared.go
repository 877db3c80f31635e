package consenttest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-consent/segment/internal/caching"
)

// RequireNotShared fails the test if a response differs between visitors and a shared cache may
// store it: a CDN would then show everybody the page of one visitor, or hand out a cookie. It
// serves a GET of each path, "/" if there is none, to all visitors; nil visitors are those of the
// zero Site. It compares the status, the body, Location and Set-Cookie.
//
// The rules are those of middleware.Private, which is the cure. Cache-Control has to be private
// or no-store, and headers that some caches obey instead must not say otherwise. A Vary header
// does not help, since most of these caches ignore it.
//
// It also fails if no visitor gets a successful response.
func RequireNotShared(t testing.TB, handler http.Handler, visitors []Visitor, paths ...string) {
	t.Helper()
	if visitors == nil {
		visitors = Site{}.Visitors()
	}
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	for _, path := range paths {
		requireNotShared(t, handler, visitors, path)
	}
}

func requireNotShared(t testing.TB, handler http.Handler, visitors []Visitor, path string) {
	t.Helper()
	first, again := get(handler, visitors[0], path), get(handler, visitors[0], path)
	all := []page{first}
	for _, v := range visitors[1:] {
		all = append(all, get(handler, v, path))
	}
	if !slices.ContainsFunc(all, func(p page) bool { return p.status < http.StatusBadRequest }) {
		t.Fatalf("consenttest: GET %s is answered with status %d, which proves nothing", path, first.status)
	}
	for _, other := range append([]page{again}, all[1:]...) {
		what := first.difference(other)
		if what == "" {
			continue
		}
		shared, whose := first, first
		if !caching.Permits(first.header) {
			shared, whose = other, other
		}
		if !caching.Permits(shared.header) {
			continue
		}
		between := fmt.Sprintf("%q and %q", first.visitor, other.visitor)
		if first.visitor == other.visitor {
			between = fmt.Sprintf("two requests of %q", first.visitor)
		}
		t.Errorf("consenttest: GET %s: %s of %s differ, and a shared cache may keep what %q gets and show it to others (%s)\n\t"+
			"cure: call middleware.Private(w.Header()) before the response is written, and set no header for caches after it",
			path, what, between, whose.visitor, said(shared.header))
		return
	}
}

// A page is what a visitor gets.
type page struct {
	visitor string
	status  int
	body    string
	header  http.Header
}

func get(handler http.Handler, v Visitor, path string) page {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, v.Request(http.MethodGet, path, nil))
	result := w.Result()
	return page{v.Name, result.StatusCode, w.Body.String(), result.Header}
}

// difference returns what differs between two pages, or "".
func (p page) difference(q page) string {
	switch {
	case p.status != q.status:
		return "the statuses"
	case p.body != q.body:
		return "the bodies"
	case p.header.Get("Location") != q.header.Get("Location"):
		return "the redirects"
	case !slices.Equal(p.header["Set-Cookie"], q.header["Set-Cookie"]):
		return "the cookies set"
	}
	return ""
}

// said returns the headers that caches obey.
func said(h http.Header) string {
	var lines []string
	for name, values := range h {
		if name == "Cache-Control" || caching.Targeted(name) {
			lines = append(lines, name+": "+strings.Join(values, ", "))
		}
	}
	if len(lines) == 0 {
		return "it has no Cache-Control"
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}
