package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

func TestRequire(t *testing.T) {
	for _, test := range []struct {
		rule     string
		state    consent.State
		required []string
		pass     bool
	}{
		{"granted passes", answer("+a"), []string{"a"}, true},
		{"denied does not pass", answer("-a"), []string{"a"}, false},
		{"Unknown does not pass", consent.NewState(nil), []string{"a"}, false},
		{"another category does not pass", answer("+b"), []string{"a"}, false},
		{"another casing does not pass", answer("+A"), []string{"a"}, false},
		{"every category is needed", answer("+a", "+b", "+c"), []string{"a", "b", "c"}, true},
		{"the first of several denied", answer("-a", "+b"), []string{"a", "b"}, false},
		{"the last of several Unknown", answer("+a", "+b"), []string{"a", "b", "c"}, false},
		{"everything granted passes", granted, []string{"a", "b"}, true},
		{"what a Default grants passes", presumed, []string{"a", "b"}, true},
		{"one category that a Default grants passes", answer("+a").Presume(), []string{"a"}, true},
		{"what a Default grants, but for a signal", presumed.Restrict(answer("-a")), []string{"a"}, false},
		{"a denial with white space", answer("+a b", "-A  B "), []string{"a b"}, false},
		{"everything granted but one", granted.Restrict(answer("-b")), []string{"a", "b"}, false},
		{"everything denied does not pass", denied, []string{"a"}, false},
		{"a denial in another casing does not pass", answer("+a", "-A"), []string{"a"}, false},
		{"a denial of something else does not matter", answer("+a", "-b"), []string{"a"}, true},
		{"a destination is not a category", consent.NewState(nil).WithDestinations(map[string]bool{"a": true}), []string{"a"}, false},
		{"an empty name is not a visitor's category", answer("+a"), []string{""}, false},
	} {
		t.Run(test.rule, func(t *testing.T) {
			served := false
			h := middleware.Require(test.required[0], test.required[1:]...)(
				http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
			r := serverRequest()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(consent.NewContext(r.Context(), test.state)))
			require.Equal(t, test.pass, served)
			if test.pass {
				require.Equal(t, http.StatusOK, w.Code)
				require.Empty(t, w.Header())
			} else {
				requireForbidden(t, w)
			}
		})
	}
}

func requireForbidden(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Equal(t, "The visitor has not consented to this.\n", w.Body.String())
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
}

func TestRequireWithoutAStateDoesNotPass(t *testing.T) {
	w := httptest.NewRecorder()
	middleware.Require("a")(showState).ServeHTTP(w, serverRequest())
	requireForbidden(t, w)
}

func TestRequireCopiesItsCategories(t *testing.T) {
	more := make([]string, 1, 2)
	more[0] = "b"
	h := middleware.Require("a", more...)(showState)
	more[0] = "a"
	r := serverRequest()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(consent.NewContext(r.Context(), answer("+a"))))
	requireForbidden(t, w)
}
