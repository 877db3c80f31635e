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
	post(site(&segment), "/accounts", "user=u-1&email=u-1@example.com")
	post(site(&segment), "/orders", "user=u-1")
	segment.RequireReached(t, "Facebook Pixel", 2)
}
