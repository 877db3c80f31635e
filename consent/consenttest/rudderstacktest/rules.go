package rudderstacktest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Reasons of a [Delivery] that was not made.
const (
	FilteredByConsent      = "filtered by the consentManagement object"
	FilteredByIntegrations = "filtered by the integrations object"
)

// A Delivery is what became of an event at one destination.
type Delivery struct {
	Destination string
	Delivered   bool
	Reason      string // why not: FilteredByConsent or FilteredByIntegrations
}

// Route returns what RudderStack's server does with an event, at each destination. Both
// objects have to let it pass:
//
//   - Of the integrations object it reads the display name of a destination, in the exact
//     spelling, and "All" with a capital. True and an object let the event pass; false does
//     not; without either, "All" decides, which is true if it is missing. If "All" or the
//     whole is something else than documented, nothing passes.
//   - Of the consentManagement object it reads the denied ids alone. An id that is neither
//     allowed nor denied passes, and so does everything if the denied ids are missing, empty
//     or malformed, or if the provider is none that the destination has settings for. Ids and
//     providers are case sensitive.
//
// The error is that of an event which is no JSON object.
func (s Source) Route(event []byte) ([]Delivery, error) {
	var e *struct{ Context, Integrations json.RawMessage }
	if err := json.Unmarshal(event, &e); err != nil || e == nil {
		return nil, fmt.Errorf("rudderstacktest: an event is not a JSON object")
	}
	consent, open := readConsent(e.Context), enabled(e.Integrations)
	deliveries := make([]Delivery, len(s.Destinations))
	for i, d := range s.Destinations {
		deliveries[i] = Delivery{Destination: d.Name}
		switch {
		case !open(d.Name):
			deliveries[i].Reason = FilteredByIntegrations
		case !d.passes(consent):
			deliveries[i].Reason = FilteredByConsent
		default:
			deliveries[i].Delivered = true
		}
	}
	return deliveries, nil
}

// enabled returns whether an integrations object leaves a destination enabled.
func enabled(integrations json.RawMessage) func(name string) bool {
	if len(integrations) == 0 || string(integrations) == "null" {
		return func(string) bool { return true }
	}
	var object map[string]any
	if json.Unmarshal(integrations, &object) != nil {
		return func(string) bool { return false }
	}
	all := true
	if value, ok := object["All"]; ok {
		if all, ok = value.(bool); !ok {
			return func(string) bool { return false }
		}
	}
	return func(name string) bool {
		switch value := object[name].(type) {
		case bool:
			return value
		case map[string]any:
			return true
		default:
			return all
		}
	}
}

// A consent is what an event says of consent: nothing if that cannot be read.
type consent struct {
	provider, strategy string
	denied             []string
}

func readConsent(context json.RawMessage) consent {
	var c struct {
		ConsentManagement struct {
			Provider, ResolutionStrategy string
			DeniedConsentIDs             []string `json:"deniedConsentIds"`
		}
	}
	if len(context) == 0 || json.Unmarshal(context, &c) != nil {
		return consent{}
	}
	m := c.ConsentManagement
	denied := slices.DeleteFunc(m.DeniedConsentIDs, func(id string) bool { return id == "" })
	return consent{m.Provider, m.ResolutionStrategy, denied}
}

// passes reports whether the consent of an event lets it pass to d.
func (d Destination) passes(c consent) bool {
	if len(c.denied) == 0 {
		return true
	}
	isDenied := func(id string) bool { return slices.Contains(c.denied, id) }
	for _, settings := range d.Consents {
		if settings.Provider != c.provider || len(settings.IDs) == 0 {
			continue
		}
		strategy := c.strategy
		if c.provider == "custom" {
			strategy = settings.Strategy
		}
		if strategy == "or" {
			return !every(settings.IDs, isDenied)
		}
		return !slices.ContainsFunc(settings.IDs, isDenied)
	}
	if (c.provider == "" || c.provider == "oneTrust") && slices.ContainsFunc(d.OneTrustCategories, isDenied) {
		return false
	}
	if (c.provider == "" || c.provider == "ketch") && len(d.KetchPurposes) > 0 {
		return !every(d.KetchPurposes, isDenied)
	}
	return true
}

func every(ids []string, is func(string) bool) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return !is(id) })
}
