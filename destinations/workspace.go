package destinations

// A Workspace is what Segment really has connected to a source. Package workspace reads
// it.
type Workspace struct {
	Origin       string      `json:"origin"` // where it was read, for people
	Destinations []Connected `json:"destinations"`

	// Categories are those of Segment's own consent product. Nil: not shown there.
	Categories []string `json:"categories"`

	// Unmapped is whether Segment says that some destination is in no category, without
	// saying which.
	Unmapped bool `json:"unmapped"`

	// Warehouses is whether warehouses are among the destinations.
	Warehouses bool `json:"warehouses"`

	// Unseen says what the place that it was read from does not show.
	Unseen []string `json:"unseen"`
}

// A Connected is a destination that is connected to a source.
type Connected struct {
	Name          string   `json:"name"`
	CreationName  string   `json:"creationName,omitempty"`
	PreviousNames []string `json:"previousNames,omitempty"`
	Catalogue     string   `json:"catalogue,omitempty"` // its category in Segment's catalogue

	// Consent is the categories that Segment's consent product maps it to. Nil: not
	// shown. Empty: none, so that Segment delivers every event to it.
	Consent []string `json:"consent"`
}
