package preferences_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
)

// Over an answer that cannot be read, what the new one does not name is denied.
func TestAnswerOverUnreadableCookie(t *testing.T) {
	c := destinations.Config{
		Categories: map[string][]string{"advertising": {"Facebook Pixel"}, "analytics": {"Amplitude"}},
		Aliases:    map[string][]string{"By Name": {"Other Name"}},
		ServerOnly: []string{"Warehouse Feed"},
		Always:     []string{"Webhooks"},
	}
	for i := range 16 {
		var expand bool
		for bit, flag := range []*bool{&c.OptOut, &c.Imply, &c.AllowUnlisted, &expand} {
			*flag = i>>bit&1 == 1
		}
		for body, want := range map[string][]string{
			`{"categories":{"analytics":true}}`:                                        {"Amplitude"},
			`{"categories":{"advertising":true}}`:                                      {"Facebook Pixel"},
			`{"categories":{"advertising":true},"destinations":{"By Name":true}}`:      {"Facebook Pixel", "By Name", "Other Name"},
			`{"categories":{"analytics":true},"destinations":{"Warehouse Feed":true}}`: {"Amplitude", "Warehouse Feed"},
			`{"categories":{"analytics":true},"destinations":{"Amplitude":false}}`:     nil,
			`{"categories":{"analytics":false}}`:                                       nil,
			`{"destinations":{"Other Name":false,"Webhooks":false}}`:                   nil,
			// With every category denied, no name is allowed.
			`{"destinations":{"Amplitude":true,"By Name":true}}`: nil,
		} {
			t.Run(fmt.Sprintf("%+v, expand %t: %s", c, expand, body), func(t *testing.T) {
				policy := destinations.MustCompile(c)
				b := newBench()
				b.Policy, b.Expand = policy, nil
				if expand {
					b.Expand = policy.Expand
				}
				w := b.do(request{method: "POST", body: body, cookies: cookie.DefaultName + "={"})
				after := saved(t, w)
				allowed := m{"Webhooks": true}
				for _, name := range want {
					allowed[name] = true
				}
				d := policy.Decide(after)
				for v := range d.Verdicts() {
					require.Equal(t, allowed[v.Destination], v.Allowed, "%s of %s", v.Destination, after)
				}
				require.Equal(t, strings.Contains(body, `"analytics":true`), after.Category("analytics") == consent.Granted)
				open := after.Category("analytics") == consent.Granted || after.Category("advertising") == consent.Granted
				require.Equal(t, c.AllowUnlisted && open, d.Unlisted(), "as for anyone who answered")
				require.Len(t, b.errs, 1)
				require.ErrorIs(t, b.errs[0], cookie.ErrMalformed)
				require.Equal(t, show(t, w).allowed(), show(t, b.do(request{method: "GET", cookies: sentBack(w)})).allowed())
			})
		}
	}
}
