package segmenttest

import "github.com/go-consent/segment/internal/segment"

// A Workspace is what is set up at Segment for the source that the events come from.
type Workspace struct {
	// Destinations are those connected to the source, by their names in Segment's
	// documentation. The names of warehouses and of storage tell what they are.
	Destinations []string

	// Former lists other names of a destination that Segment's catalogue accepts.
	Former map[string][]string

	// Categories maps the destinations to categories of consent, as on the page of
	// the workspace. A destination in none needs no consent. Without categories
	// nothing is enforced, as on plans without Segment's consent product. Leave out a
	// category that is disabled at Segment, which then does not enforce it.
	Categories map[string][]string

	// Catalogue is the category of a destination in Segment's catalogue, which the
	// Consent Manager sorts it by. Those without an entry are of "Analytics".
	Catalogue map[string]string

	// Scripts are those of destinations that run in the browser, for analytics.js to
	// load.
	Scripts map[string]Script

	// WriteKey is the key of the source. Empty: one made up.
	WriteKey string

	// EU is whether the workspace is European.
	EU bool

	// Keep is how many arrivals are kept, and how many refusals; the oldest are
	// forgotten first. Zero: all, as long as the fake runs.
	Keep int
}

// A Script is that of a destination that runs in the browser.
type Script struct {
	URL     string
	Library string // the global function that returns the destination
}

// routes returns the workspace as the documented routing takes it.
func (w Workspace) routes() segment.Workspace {
	routes := segment.Workspace{Categories: w.Categories}
	for _, name := range w.Destinations {
		d := segment.Named(name)
		d.Former = w.Former[name]
		routes.Destinations = append(routes.Destinations, d)
	}
	return routes
}
