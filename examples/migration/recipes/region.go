package recipes

import (
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// ByRegion are the options of a site that asks first in Europe, and allows until objection
// in the United States. The policy is OptIn for both: what the absence of an answer means is
// the Default's to say, for each request. The country is a code as ISO 3166 has it, or "" if
// it is not known. Take it from where no visitor can write: a header that the CDN sets always.
func ByRegion(country func(*http.Request) string) middleware.Options {
	o := banner()
	o.Default = func(r *http.Request) consent.State {
		if country(r) == "US" {
			return consent.NewState(map[string]bool{"analytics": true, "advertising": true})
		}
		return consent.NewState(nil) // no answer, which OptIn denies
	}
	return o
}
