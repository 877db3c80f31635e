package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// rejected is the cookie of a visitor who accepted analytics and rejected advertising.
const rejected = `tracking-preferences={"version":1,"custom":{"analytics":true,"advertising":false}}`

func post(h http.Handler, path, form string) {
	r := httptest.NewRequest("POST", path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", rejected)
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func TestRejectedAdvertisingGetsNothing(t *testing.T) {
	var segment consenttest.Recorder
	client := consent.New(&segment, policy, nil)
	s := &shop{tracker: Tracker{client}}
	post(s.site(), "/accounts", "user=u-1")
	post(s.site(), "/orders", "user=u-1&order=o-1")
	s.ship()
	segment.RequireReached(t, "Facebook Pixel", 0)
	segment.RequireReached(t, "Amplitude", 3)
	require.Zero(t, client.Stats().Unbound)
}

// A call without For has no visitor: the event is suppressed, and counted.
func TestForgottenFor(t *testing.T) {
	var segment consenttest.Recorder
	client := consent.New(&segment, policy, nil)
	Tracker{client}.OrderCompleted("u-1", "o-1")
	segment.RequireSuppressed(t, "", 1)
	require.EqualValues(t, 1, client.Stats().Unbound)
}
