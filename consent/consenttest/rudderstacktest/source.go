package rudderstacktest

// A Source is what is set up at RudderStack for the source that the events come from.
type Source struct {
	Destinations []Destination

	// WriteKey is the key of the source. Empty: one made up.
	WriteKey string

	// Keep is how many arrivals are kept, and how many refusals; the oldest are forgotten
	// first. Zero: all.
	Keep int
}

// A Destination is one that is connected to the source, in cloud mode.
type Destination struct {
	// Name is the display name of its kind, such as "Google Analytics 4 (GA4)", by which the
	// integrations object knows it.
	Name string

	// Consents are its consent settings, one for each provider.
	Consents []Consent

	// OneTrustCategories and KetchPurposes are the settings of before, which count for an
	// event whose provider has none among the Consents.
	OneTrustCategories []string
	KetchPurposes      []string
}

// A Consent says what consent a destination needs by the ids of a provider.
type Consent struct {
	Provider string // "custom", "oneTrust", "ketch" or "iubenda"
	IDs      []string

	// Strategy is "or" if one of the ids is enough; anything else is "and". It counts for
	// "custom" alone: with the other providers the event says it.
	Strategy string
}

// Needs returns a Destination that needs those categories of the provider "custom", all of
// them.
func Needs(name string, categories ...string) Destination {
	return Destination{Name: name, Consents: []Consent{{Provider: "custom", IDs: categories, Strategy: "and"}}}
}
