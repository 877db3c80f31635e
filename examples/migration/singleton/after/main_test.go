package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
	Init(consent.New(&segment, policy, nil))
	post(gateway(newServer()), "/orders", "user=u-1&order=o-1")
	segment.RequireReached(t, "Facebook Pixel", 0)
	segment.RequireReached(t, "Amplitude", 1)
}

// A caller that does not pass the answer on, or passes another value, opens nothing.
func TestCallsWithoutAnAnswer(t *testing.T) {
	for _, md := range []metadata{nil, {"consent": ""}, {"consent": "yes"}} {
		var segment consenttest.Recorder
		Init(consent.New(&segment, policy, nil))
		if _, err := newServer().call(md, "CancelOrder", orderRequest{"u-1", "o-1"}); err != nil {
			t.Fatal(err)
		}
		segment.RequireSuppressed(t, consent.SuppressedNothingAllowed, 1)
	}
}
