package rudderstack

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
)

// The providers that RudderStack's server knows, in the exact spelling. An event that names
// another is delivered to everybody who is not off in its integrations object.
const (
	Custom   = "custom"
	OneTrust = "oneTrust"
	Ketch    = "ketch"
	Iubenda  = "iubenda"
)

// A Router tells RudderStack of a Decision.
//
// The integrations object closes what is denied, and opens nothing else: "All" false with
// true for each allowed destination, or, where the policy leaves unlisted ones open, false
// for each denied one. Names are the display names of RudderStack ("Google Analytics 4
// (GA4)"), in the exact spelling. "All" has a capital: its server reads no other spelling,
// though the DisableAll of its Go client up to v4.2.1 writes "all". The server reads true,
// false and an object; any other value of the application's is left out, since it falls
// back to "All".
//
// The consentManagement object can only close more. It has the id of every category of the
// policy: as allowed if it is true in the Decision, else as denied, since the server reads
// the denied ones alone and takes an id that is neither for allowed. Ids are case sensitive.
//
// The zero Router has the provider [Custom] and the strategy "and".
type Router struct {
	// Provider is one of the constants, as it is set at the destinations. "" is Custom.
	Provider string

	// IDs are the ids that categories of the policy have at the provider, such as "C0002"
	// at OneTrust. A category that it lacks has its name as the id. An id of several is
	// denied if any of them is not granted.
	IDs map[string]string

	// AnyConsent sends the strategy "or": a destination is closed only if all of its
	// consents are denied, instead of any. The integrations object is not affected, and
	// with Custom the strategy of the destination counts.
	AnyConsent bool
}

// A consentManagement is the object as RudderStack's documentation has it.
type consentManagement struct {
	Provider           string   `json:"provider"`
	AllowedConsentIDs  []string `json:"allowedConsentIds"`
	DeniedConsentIDs   []string `json:"deniedConsentIds"`
	ResolutionStrategy string   `json:"resolutionStrategy"`
}

// Route implements [consent.Router].
func (r Router) Route(d consent.Decision, _ consent.State, integrations map[string]any) consent.Route {
	if len(integrations) > 0 {
		d = d.Narrow(integrations)
		return consent.Route{Decision: d, Integrations: object(d, integrations)}
	}
	if !opens(d) {
		return consent.Route{Decision: d, Suppressed: consent.SuppressedNothingAllowed}
	}
	return consent.Route{
		Decision: d, Integrations: object(d, nil),
		Context: map[string]any{"consentManagement": r.consentManagement(d)},
	}
}

func opens(d consent.Decision) bool {
	for v := range d.Verdicts() {
		if v.Allowed {
			return true
		}
	}
	return d.Unlisted()
}

// object returns the integrations object of d, with the options of the application's own.
func object(d consent.Decision, own map[string]any) map[string]any {
	out := map[string]any{"All": d.Unlisted()}
	for v := range d.Verdicts() {
		if options := own[v.Destination]; v.Allowed && isObject(options) {
			out[v.Destination] = options
		} else if v.Allowed != d.Unlisted() {
			out[v.Destination] = v.Allowed
		}
	}
	if d.Unlisted() {
		for name, value := range own {
			// A name that is not UTF-8 is another in JSON, where d may deny that.
			if isObject(value) && d.Allows(name) && utf8.ValidString(name) {
				out[name] = value
			}
		}
	}
	return out
}

// isObject reports whether a plain JSON value is one.
func isObject(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return value != nil
	case map[string]bool:
		return value != nil
	case json.RawMessage:
		return bytes.HasPrefix(bytes.TrimSpace(value), []byte("{"))
	default:
		return false
	}
}

func (r Router) consentManagement(d consent.Decision) consentManagement {
	c := consentManagement{
		Provider: r.Provider, AllowedConsentIDs: []string{}, DeniedConsentIDs: []string{}, ResolutionStrategy: "and",
	}
	if r.Provider == "" {
		c.Provider = Custom
	}
	if r.AnyConsent {
		c.ResolutionStrategy = "or"
	}
	var order []string
	granted := make(map[string]bool)
	for category, ok := range d.Categories() {
		id, named := r.IDs[category]
		if !named {
			id = category
		}
		before, known := granted[id]
		if !known {
			order = append(order, id)
		}
		granted[id] = ok && (before || !known)
	}
	for _, id := range order {
		if granted[id] {
			c.AllowedConsentIDs = append(c.AllowedConsentIDs, id)
		} else {
			c.DeniedConsentIDs = append(c.DeniedConsentIDs, id)
		}
	}
	return c
}
