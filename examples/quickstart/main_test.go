package main

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

func TestOrdersReachWhatTheVisitorAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		cookie            string
		amplitude, pixels int
	}{
		"no cookie":      {"", 0, 0},
		"malformed":      {"tracking-preferences={%22version", 0, 0},
		"analytics only": {"tracking-preferences={%22version%22:1%2C%22custom%22:{%22marketingAndAnalytics%22:true%2C%22advertising%22:false}}", 1, 0},
		"all":            {"tracking-preferences={%22version%22:1%2C%22custom%22:{%22marketingAndAnalytics%22:true%2C%22advertising%22:true}}", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var segment consenttest.Recorder
			r := httptest.NewRequest("POST", "/", nil)
			if c.cookie != "" {
				r.Header.Set("Cookie", c.cookie)
			}
			site(consent.New(&segment, policy, nil)).ServeHTTP(httptest.NewRecorder(), r)
			segment.RequireReached(t, "Amplitude", c.amplitude)
			segment.RequireReached(t, "Facebook Pixel", c.pixels)
		})
	}
}

// The README shows this program without its first comment.
func TestReadmeShowsThisProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(program), "package main\n")
	require.True(t, ok)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```go\npackage main\n"+body+"```\n")
}
