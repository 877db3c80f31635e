package recipes

import (
	"github.com/go-consent/segment/cookie/onetrust"
	"github.com/go-consent/segment/middleware"
)

// OneTrust are the options of a site whose banner is OneTrust's. The ids of the groups are
// those of the site's account; C0001 is strictly necessary, and needs no consent.
func OneTrust() middleware.Options {
	o := Banner()
	o.Sources = []middleware.Source{onetrust.Source{Groups: map[string]string{
		"C0002": "analytics", "C0004": "advertising",
	}}}
	return o
}
