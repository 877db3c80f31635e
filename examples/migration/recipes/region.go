package recipes

import (
	"net/http"

	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/regime"
)

// Rules say what has to be asked where, by the table of the regime package. Here the program
// is reachable only through Cloudflare, so that visitors cannot choose where they are.
var Rules = regime.MustCompile(regime.Config{
	Categories: map[string][]regime.Purpose{
		"analytics":   {regime.Statistics},
		"advertising": {regime.Advertising},
	},
	Where: regime.Cloudflare,
})

// ByRegion is the middleware of a site that asks first in Europe, and allows until objection
// in the United States. The policy is OptIn for both: the Default says what no answer means,
// for each request.
func ByRegion(next http.Handler) http.Handler {
	o := Banner()
	o.Default = Rules.Default
	return Rules.Handler(middleware.New(o)(next))
}
