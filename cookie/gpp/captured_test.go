package gpp_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie/gpp"
)

// A capture is a browser's request, and what its cookie says.
type capture struct {
	Name       string
	Headers    map[string]string
	Decision   string
	Categories map[string]bool
	Vendors    map[string]bool
	GPP        struct {
		IDs      []int
		Sections map[string]map[string]any
	}
}

func captured(t testing.TB) (captures []capture) {
	t.Helper()
	data, err := os.ReadFile("testdata/captured.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &captures))
	require.NotEmpty(t, captures)
	return captures
}

func (c capture) request() *http.Request {
	r := &http.Request{Header: http.Header{}}
	for name, value := range c.Headers {
		r.Header.Set(name, value)
	}
	return r
}

// differences are the captures that are read more strictly.
var differences = map[string]struct {
	why    string
	source gpp.Source
	is     consent.State
}{
	"gpp-multi": {
		why:    "three sections are in force, and two of them hold an opt-out, which the capture leaves open",
		source: gpp.Source{Skip: []int{2}},
		is:     consent.NewState(map[string]bool{"sale": false}),
	},
}

func TestConsentReadsCapturedCookies(t *testing.T) {
	for _, c := range captured(t) {
		t.Run(c.Name, func(t *testing.T) {
			source, denied := gpp.Source{}, map[string]bool{}
			if strings.HasPrefix(c.Headers["Cookie"], "OTGPPConsent=") {
				source.Name = "OTGPPConsent"
			}
			if c.Decision == "given" {
				for category, granted := range c.Categories {
					if !granted { // "did not opt out" is no grant
						denied[category] = false
					}
				}
			}
			want := consent.NewState(denied)
			if d, ok := differences[c.Name]; ok {
				source, want = d.source, d.is
			}
			state, err := source.Consent(c.request())
			require.NoError(t, err)
			require.Equal(t, want, state)
			require.Equal(t, c.Decision == "given", state.Answered())
			require.Empty(t, c.Vendors)
		})
	}
}

// A TC string in force is not ignored: without a reader for it, nothing is open.
func TestConsentOfUnreadTCString(t *testing.T) {
	for _, c := range captured(t) {
		if c.Name == "gpp-multi" {
			state, err := gpp.Source{}.Consent(c.request())
			require.ErrorIs(t, err, gpp.ErrUnread)
			require.Equal(t, consent.All(consent.Denied), state)
			return
		}
	}
	t.Fatal("no capture with a TC string")
}

func TestParseReadsCapturedFields(t *testing.T) {
	for _, c := range captured(t) {
		t.Run(c.Name, func(t *testing.T) {
			_, value, _ := strings.Cut(c.Headers["Cookie"], "=")
			value, _, _ = strings.Cut(value, ";")
			s, err := gpp.Parse(value)
			require.NoError(t, err)
			require.Equal(t, c.GPP.IDs, ids(s))
			for _, section := range s.Sections() {
				if section.ID() == 2 {
					continue
				}
				for name, want := range c.GPP.Sections[section.Name()] {
					if name == "GpcSegmentType" {
						continue
					}
					want, got := values(want), section.Field(name)
					// If Version 1 comes before the long layout, the IAB's decoder hides the values
					// that the short layout lacks.
					require.GreaterOrEqual(t, len(got), len(want), name)
					require.Equal(t, want, got[:len(want)], name)
				}
			}
		})
	}
}
