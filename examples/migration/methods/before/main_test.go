package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

func TestRejectedAdvertisingGetsEverything(t *testing.T) {
	var segment consenttest.Recorder
	s := &shop{tracker: Tracker{&segment}}
	post(s.site(), "/accounts", "user=u-1")
	post(s.site(), "/orders", "user=u-1&order=o-1")
	s.ship()
	segment.RequireReached(t, "Facebook Pixel", 3)
}
