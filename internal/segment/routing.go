package segment

import (
	"encoding/json"
)

// The rest of this file states where Segment delivers an event, for tests and for
// programs that stand in for Segment. The consent object is looked at first, then the
// integrations object; both have to let an event pass. Sources: the pages "Consent in
// Segment Connections", "Filtering data" and "Warehouses FAQ" of its documentation.

// A Workspace is the configuration at Segment.
type Workspace struct {
	Destinations []Destination
	Categories   map[string][]string // category id to the names of its destinations
}

// A Destination is connected to the source of the events.
type Destination struct {
	Name      string
	Former    []string // other names that the integrations object may use
	Warehouse bool     // addressed by "Warehouses" and not closed by "All"
	Storage   bool     // neither object has an effect: S3, Google Cloud Storage, Engage
}

// Named returns the destination with that name, of the kind that the name implies.
func Named(name string) Destination {
	return Destination{
		Name:      name,
		Warehouse: name == Warehouses || IsWarehouse(name),
		Storage:   Unstoppable(name),
	}
}

// A Delivery is the outcome of an event at one destination.
type Delivery struct {
	Destination string
	Delivered   bool
	Reason      string // why not, or ""
}

// Reasons of an event that is not delivered.
const (
	ByConsent      = "filtered by end user consent"
	ByIntegrations = "filtered by the integrations object"
)

// Event is the part of an event that routing looks at.
type Event struct {
	Integrations map[string]any `json:"integrations"`
	Context      struct {
		Consent *struct {
			Categories map[string]any `json:"categoryPreferences"`
		} `json:"consent"`
	} `json:"context"`
}

// Route returns what becomes of the event, which is JSON, at each destination.
func (w Workspace) Route(event []byte) ([]Delivery, error) {
	var e Event
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	deliveries := make([]Delivery, 0, len(w.Destinations))
	for _, d := range w.Destinations {
		reason := ""
		if selected, _ := d.Selected(e.Integrations); !selected {
			reason = ByIntegrations
		}
		if !d.Storage && !d.Warehouse && !w.consented(d, e) {
			reason = ByConsent
		}
		deliveries = append(deliveries, Delivery{d.Name, reason == "", reason})
	}
	return deliveries, nil
}

// consented: without a consent object, or with one that lacks categoryPreferences,
// nothing is enforced. A destination needs consent to every category it is in, and
// none if it is in no category.
func (w Workspace) consented(d Destination, e Event) bool {
	if e.Context.Consent == nil || e.Context.Consent.Categories == nil {
		return true
	}
	for category, members := range w.Categories {
		for _, member := range members {
			if member == d.Name && e.Context.Consent.Categories[category] != true {
				return false
			}
		}
	}
	return true
}

// Selected reports whether an integrations object lets an event pass to d, and the
// key that decided, if one did: the entry under a name of d, and any value but false
// selects; without one "All", which is true by default. Warehouses have one entry
// together, and storage none.
func (d Destination) Selected(integrations map[string]any) (selected bool, key string) {
	if d.Storage {
		return true, ""
	}
	if d.Warehouse {
		value, ok := integrations[Warehouses]
		if options, isObject := value.(map[string]any); isObject {
			value = options["all"]
		}
		return value != false, keyIf(ok, Warehouses)
	}
	for _, name := range append([]string{d.Name}, d.Former...) {
		if value, ok := integrations[name]; ok {
			return value != false, name
		}
	}
	if value, ok := integrations[All]; ok || d.Name != "Salesforce" {
		return value != false, keyIf(ok, All)
	}
	return false, "" // Segment's default is {All: true, Salesforce: false}
}

func keyIf(ok bool, key string) string {
	if ok {
		return key
	}
	return ""
}
