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
	h := site(segmentEvents{consent.New(&segment, policy, nil)})
	post(h, "/accounts", "user=u-1")
	post(h, "/orders", "user=u-1")
	segment.RequireReached(t, "Facebook Pixel", 0)
	segment.RequireReached(t, "Amplitude", 2)
}
