package explain_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

func TestPageShowsNoCookieOrErrorText(t *testing.T) {
	const secret = "s3cret"
	h := page()
	h.Options.Sources = []middleware.Source{
		cookie.Codec{},
		middleware.SourceFunc(func(*http.Request) (consent.State, error) {
			return consent.State{}, fmt.Errorf("asking for %s: %w", secret, errors.New(secret))
		}),
		middleware.SourceFunc(func(*http.Request) (consent.State, error) {
			return consent.State{}, fmt.Errorf("%s: %w", secret, context.DeadlineExceeded)
		}),
	}
	h.Options.OnError = func(*http.Request, error) { t.Error("OnError was called") }
	for _, accept := range []string{"application/json", "text/html"} {
		r := get("Accept", accept, "Cookie", "tracking-preferences={"+secret+"; ajs_user_id="+secret+"; session="+secret, "Authorization", secret)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code)
		require.NotContains(t, w.Body.String(), secret)
		require.Contains(t, w.Body.String(), "malformed")
		require.Contains(t, w.Body.String(), "it took too long")
		require.Contains(t, w.Body.String(), "failed with a *errors.errorString")
	}
}

func TestVisitorNamesAreEscaped(t *testing.T) {
	w := httptest.NewRecorder()
	page().ServeHTTP(w, get("Cookie", answered(`{"<script>alert(1)</script>":true,"\" onmouseover=x":false}`)))
	require.NotContains(t, w.Body.String(), "<script")
	require.NotContains(t, w.Body.String(), `" onmouseover`)
	require.Contains(t, w.Body.String(), "&lt;script&gt;")
}

func TestThePageLoadsNothing(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("CDN-Cache-Control", "max-age=60")
	page().ServeHTTP(w, get())
	h := w.Header()
	require.Equal(t, "no-store", h.Get("Cache-Control"))
	require.Empty(t, h.Get("CDN-Cache-Control"))
	require.Contains(t, h.Values("Vary"), "Accept")
	require.Contains(t, h.Values("Vary"), "Cookie")
	require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	require.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))

	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(w.Body.String())
	require.Len(t, style, 2)
	sum := sha256.Sum256([]byte(style[1]))
	csp := h.Get("Content-Security-Policy")
	require.Contains(t, csp, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	for _, directive := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		require.Contains(t, csp, directive)
	}
	require.NotRegexp(t, `(?i)<script|<link|<img|style=|\ssrc=|url\(|@import`, w.Body.String())
}

func TestJSONIfPreferred(t *testing.T) {
	for accept, want := range map[string]string{
		"":                                 "text/html; charset=utf-8",
		"*/*":                              "text/html; charset=utf-8",
		"application/json":                 "application/json",
		"Application/JSON ; charset=utf-8": "application/json",
		"text/html,application/xhtml+xml,*/*;q=0.8":        "text/html; charset=utf-8",
		"text/html;q=0.5, application/json":                "application/json",
		"application/json;q=0.5, text/html":                "text/html; charset=utf-8",
		"application/json;q=nonsense":                      "text/html; charset=utf-8",
		"application/json;q=0":                             "text/html; charset=utf-8",
		strings.Repeat("a/b;q=1,", 10_000):                 "text/html; charset=utf-8",
		strings.Repeat(";=,", 10_000) + "application/json": "application/json",
	} {
		w := httptest.NewRecorder()
		page().ServeHTTP(w, get("Accept", accept))
		require.Equal(t, want, w.Header().Get("Content-Type"), "%.40q", accept)
	}
}

func TestHEADHasNoBody(t *testing.T) {
	server := httptest.NewServer(page())
	defer server.Close()
	response, err := http.Head(server.URL)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/html; charset=utf-8", response.Header.Get("Content-Type"))
}
