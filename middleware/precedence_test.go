package middleware_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/custom"
	"github.com/go-consent/segment/cookie/klaro"
	"github.com/go-consent/segment/middleware"
)

// The table of two platforms on one site, in the module's doc.go.
func TestPrecedenceOfSources(t *testing.T) {
	all, none := consent.All(consent.Denied), consent.NewState(nil)
	presumed := consent.NewState(map[string]bool{"analytics": true}).Presume()
	state := func(answers map[string]bool) consent.State { return consent.NewState(answers) }
	const bad = "klaro=%7B"
	for _, test := range []struct {
		rule    string
		cookies string
		gpc     bool
		want    consent.State
		err     error
	}{
		{"nobody answered", "", false, presumed, nil},
		{"one grants", `klaro={"analytics":true}`, false, state(map[string]bool{"analytics": true}), nil},
		{"the other grants", `consent={"analytics":true}`, false, state(map[string]bool{"analytics": true}), nil},
		{"both grant", `klaro={"analytics":true}; consent={"analytics":true}`, false, state(map[string]bool{"analytics": true}), nil},
		{"one denies", `klaro={"analytics":true}; consent={"analytics":false}`, false, state(map[string]bool{"analytics": false}), nil},
		{"the other denies", `klaro={"analytics":false}; consent={"analytics":true}`, false, state(map[string]bool{"analytics": false}), nil},
		{"they complete each other", `klaro={"analytics":true}; consent={"advertising":false}`, false, state(map[string]bool{"analytics": true, "advertising": false}), nil},
		{"in another order", `consent={"advertising":false}; klaro={"analytics":true}`, false, state(map[string]bool{"analytics": true, "advertising": false}), nil},
		{"one cannot be read", bad, false, all, cookie.ErrMalformed},
		{"one cannot be read, the other grants", bad + `; consent={"analytics":true}`, false, all, cookie.ErrMalformed},
		{"one cannot be read, the other denies", bad + `; consent={"analytics":false}`, false, all, cookie.ErrMalformed},
		{"a signal denies what one grants", `klaro={"advertising":true,"analytics":true}`, true, state(map[string]bool{"advertising": false, "analytics": true}), nil},
		{"a signal is no answer", "", true, presumed.Restrict(state(map[string]bool{"advertising": false})), nil},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := &http.Request{Header: http.Header{"Cookie": {test.cookies}}}
			if test.gpc {
				r.Header.Set("Sec-GPC", "1")
			}
			sources := []middleware.Source{klaro.Source{}, custom.Source{}}
			for range 2 { // the order of the Sources says nothing
				got, err := middleware.Read(r, middleware.Options{
					Sources: sources,
					Signals: []middleware.Signal{middleware.GPC("advertising")},
					Default: func(*http.Request) consent.State { return state(map[string]bool{"analytics": true}) },
				})
				require.ErrorIs(t, err, test.err)
				require.Equal(t, test.want, got)
				sources[0], sources[1] = sources[1], sources[0]
			}
			if test.err == nil && !test.gpc && test.cookies == "" {
				got, err := middleware.Read(r, middleware.Options{Sources: sources})
				require.NoError(t, err)
				require.Equal(t, none, got)
			}
		})
	}
}
