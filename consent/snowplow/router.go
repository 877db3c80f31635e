package snowplow

import (
	"slices"

	"github.com/go-consent/segment/consent"
)

// A Router lets an event leave only if everybody who gets it in the pipeline may see it: it
// is a [consent.Gate], since nothing in an event stops Snowplow from passing it on.
//
// The zero Router suppresses every message.
type Router struct {
	// Destinations are the names in the policy of everybody who gets every event: the
	// pipeline itself ("Snowplow") if it needs consent, and all that it feeds. For a
	// destination that only some events may reach, have a second pipeline or Client.
	Destinations []string

	// GDPR, if not nil, adds the gdpr entity to events.
	GDPR *GDPR

	// Preferences, if not nil, sends the preference event for an update of preferences.
	// Else that is suppressed.
	Preferences *Preferences
}

// A GDPR is the entity iglu:com.snowplowanalytics.snowplow/gdpr/jsonschema/1-0-0: on what
// basis, by Art. 6 of the GDPR, an event was collected. It must not be changed after New.
type GDPR struct {
	// Basis is that of an event which the visitor's own answer lets leave: every destination
	// was granted, by its categories or by name. "" is [Consent].
	Basis Basis

	// WithoutAnswer is that of any other event: strictly necessary, exempt, or allowed since
	// nothing had to be asked. If it is "", such an event has no entity.
	WithoutAnswer Basis

	// The document that says so, with at most 255, 16 and 4096 characters; each may be "".
	DocumentID, DocumentVersion, DocumentDescription string
}

// A Preferences is what the site knows of the event
// iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0, which tells of a
// visitor's new answer ([consent.Client.Tell]). It leaves whatever the answer is, with the
// ids of the visitor: no forwarder of the pipeline may pass it on. It must not be changed
// after New.
//
// The categories that are granted are its consentScopes, after those of Necessary. Its
// eventType is allow_all if every category of the policy is granted, deny_all if none is, and
// allow_selected else. That an answer was taken back ([consent.Answer]) is not known here: it
// is told by what counts without one.
type Preferences struct {
	// URL is the address of the document that the visitor was shown, and Version its version,
	// of at most 16 characters.
	URL, Version string

	// Domains are those that the answer is for. At least one.
	Domains []string

	// Necessary are scopes that need no answer, such as "necessary". At least one: the schema
	// has no other way to tell of a visitor who denied everything.
	Necessary []string

	// Applies says whether the GDPR applies to the visitors, if that is known.
	Applies *bool

	// Basis is what the site asks for. "" is [Consent].
	Basis Basis
}

// A Basis is a lawful basis for processing, in the words of Snowplow's schemas.
type Basis string

// All that there are.
const (
	Consent             Basis = "consent"
	Contract            Basis = "contract"
	LegalObligation     Basis = "legal_obligation"
	VitalInterests      Basis = "vital_interests"
	PublicTask          Basis = "public_task"
	LegitimateInterests Basis = "legitimate_interests"
)

func (b Basis) isKnown() bool {
	return slices.Contains([]Basis{Consent, Contract, LegalObligation, VitalInterests, PublicTask, LegitimateInterests}, b)
}

// contextKey is where the adapter finds in a Context what a Route says.
const contextKey = "snowplow"

// A mark is what a Route tells the adapter.
type mark struct {
	Basis       Basis        `json:"basis,omitempty"` // of the gdpr entity
	Preferences *preferences `json:"preferences,omitempty"`
}

// Route implements [consent.Router].
func (r Router) Route(d consent.Decision, s consent.State, integrations map[string]any) consent.Route {
	route := consent.Gate{Destinations: r.Destinations}.Route(d, s, integrations)
	if route.Suppressed == "" {
		route.Context = map[string]any{contextKey: r.GDPR.mark(route.Decision)}
	}
	return route
}

// mark returns a *mark, or nil, which drops what the application has there.
func (g *GDPR) mark(d consent.Decision) any {
	if g == nil {
		return nil
	}
	basis := g.Basis
	if basis == "" {
		basis = Consent
	}
	for v := range d.Verdicts() {
		if v.Reason != consent.ReasonCategoriesGranted && v.Reason != consent.ReasonDestinationGranted {
			basis = g.WithoutAnswer
		}
	}
	if basis == "" {
		return nil
	}
	return &mark{Basis: basis}
}

// RouteUpdate implements [consent.Updater].
func (r Router) RouteUpdate(d consent.Decision, _ consent.State) consent.Route {
	if r.Preferences == nil {
		return consent.Route{Decision: d, Suppressed: consent.SuppressedUpdate}
	}
	return consent.Route{Decision: d, Context: map[string]any{contextKey: &mark{Preferences: r.Preferences.of(d)}}}
}

var _ consent.Updater = Router{}
