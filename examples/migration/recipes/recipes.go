// Package recipes has the code of the recipes in the migration guide, each with a runnable
// example. Copy it; do not import it.
package recipes

import (
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

// Table says which category of consent covers which destination.
var Table = map[string][]string{
	"analytics":   {"Amplitude"},
	"advertising": {"Facebook Pixel"},
}

// OptIn allows a destination when the visitor has agreed to it. It is for Europe, and for
// sites that ask everybody.
var OptIn = destinations.MustCompile(destinations.Config{Categories: Table})

// OptOut allows a destination until the visitor objects. It is for sites only for the
// United States.
var OptOut = destinations.MustCompile(destinations.Config{Categories: Table, OptOut: true})

// Banner are the options of a site with the Consent Manager. Global Privacy Control counts
// as an objection to advertising.
func Banner() middleware.Options {
	return middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC("advertising")},
	}
}
