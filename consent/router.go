package consent

// A Router tells a service that passes events on about a Decision: what a message carries, which
// destinations the service then stops by itself, and when the message is suppressed because that
// would not be enough. [Segment] is one, [Gate] is for a service that cannot be told, and
// consent/rudderstack, consent/snowplow and consent/mparticle have one each. A program may have
// its own, which the conformance package tests.
//
// Route is called for a visitor who answered s, from many goroutines at once, and must not
// block. The Client asks it in two ways.
//
// Without integrations, once for a Decision and a State. Many messages share the Route. What the
// visitor denied by name has a verdict in d, even if the policy does not list it.
//
// With integrations, for a message to which the application gave some. Then d is the Decision of
// the Route without integrations, and only Decision, Suppressed and Integrations of the new Route
// count. The values are plain JSON, in which a value that means false is a plain false. They may
// close what d allows, and must not open what it denies: see [Decision.Narrow].
//
// A Router that panics, or that returns what has no JSON form, suppresses the message.
type Router interface {
	Route(d Decision, s State, integrations map[string]any) Route
}

// An Updater is a Router whose service has an event of its own for a visitor's new answer.
// Its [UpdateEvent] leaves whatever the visitor answered, with ids and what RouteUpdate
// returns, and nothing else of the application's. With any other Router but [Segment] the event
// is suppressed.
//
// RouteUpdate is called as Route is. The Decision denies every destination, since the event
// is for the service alone; its Categories are what the visitor answered. The Decision of the
// Route does not count.
type Updater interface {
	Router
	RouteUpdate(d Decision, s State) Route
}

// A Route is what messages leave with. It is shared: do not change anything in it later.
// The zero Route suppresses every message.
type Route struct {
	// Decision is d as the service carries it out: each verdict, and Unlisted, is what it
	// will do. It allows nothing that d denies.
	Decision Decision

	// Suppressed is why messages are suppressed, or "" if they leave.
	Suppressed Reason

	// Integrations is the integrations object of a message.
	Integrations map[string]any

	// Context holds keys and values for the Extra of a message's Context. The application's
	// own values under such a key, in any casing, are dropped. A nil value adds nothing in
	// their place.
	Context map[string]any
}

// Segment is the Router of Segment, and the one of a Client whose Options have none.
//
// Its integrations object closes destinations; its consent object, made of the categories,
// can only close more. What neither can stop suppresses the message: see [AtSegment].
//
// # Twilio Engage
//
// Engage and profiles (Personas, Unify) read the same events, and Segment's documentation
// excepts them from the enforcement of consent. So a policy that names Engage has its
// messages suppressed while Engage is denied. The rest of it is set up at Twilio:
//
//	| what happens to an event | in whose hands |
//	|---|---|
//	| it reaches profiles, computed traits and audiences | ours: suppressed unless Engage is allowed |
//	| the preferences that the profile stores | ours: every category, true or false, in each message, and the UpdateEvent |
//	| a policy that does not name Engage | the site's: events reach profiles whatever the visitor answered |
//	| audiences and journeys of profiles collected before | Twilio's: entry conditions by the stored preferences |
//	| destinations that Engage itself sends to | Twilio's: mapped ones by the stored preferences, others get everything |
//	| profile sync to a warehouse | Twilio's: nothing in an event stops it |
//	| what was stored before a withdrawal | an erasure: nothing in an event takes it back |
//
// The UpdateEvent reaches profiles always, since it is how they learn of a withdrawal.
type Segment struct{}

// Route implements [Router].
func (Segment) Route(d Decision, s State, integrations map[string]any) Route {
	if d.body != nil && len(integrations) > 0 {
		narrowed, object := d.atSegment(s, integrations)
		return Route{Decision: narrowed, Integrations: object}
	}
	sent, suppressed := AtSegment(d)
	if suppressed != "" {
		return Route{Decision: sent, Suppressed: suppressed}
	}
	plain := sent.plain()
	return Route{Decision: sent, Integrations: plain.Integrations(plain, nil), Context: d.consentContext(s)}
}
