package caching_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/internal/caching"
)

func TestPermits(t *testing.T) {
	for _, test := range []struct {
		name    string
		header  http.Header
		permits bool
	}{
		{"nothing is said", http.Header{}, true},
		{"public", http.Header{"Cache-Control": {"public"}}, true},
		{"a time", http.Header{"Cache-Control": {"max-age=60"}}, true},
		{"private", http.Header{"Cache-Control": {"max-age=60, Private"}}, false},
		{"no-store, in a second line", http.Header{"Cache-Control": {"max-age=0", "no-store"}}, false},
		{"private for one field", http.Header{"Cache-Control": {`private="Set-Cookie"`}}, true},
		{"only revalidated", http.Header{"Cache-Control": {"no-cache"}}, true},
		{"Vary", http.Header{"Vary": {"Cookie"}}, true},
		{"a CDN is told otherwise", http.Header{"Cache-Control": {"private"}, "Cdn-Cache-Control": {"max-age=60"}}, true},
		{"a CDN is told the same", http.Header{"Cache-Control": {"private"}, "Surrogate-Control": {"no-store"}}, false},
		{"nginx is told otherwise", http.Header{"Cache-Control": {"private"}, "X-Accel-Expires": {"60"}}, true},
		{"nginx is told the same", http.Header{"Cache-Control": {"private"}, "X-Accel-Expires": {"0"}}, false},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.permits, caching.Permits(test.header)) })
	}
}
