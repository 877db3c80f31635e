package trial

import "github.com/go-consent/segment/consent"

// A kind says who has to act on a loss, in the order in which a reviewer should look.
type kind uint8

const (
	mistake kind = iota // it looks like one
	decision
	unanswered
	choice
	kinds // how many there are
)

var kindNames = [kinds]string{"looks like a mistake", "to be decided", "no answer yet", "the visitors' choice"}

func (k kind) String() string { return kindNames[k] }

// Class is the CSS class of the kind.
func (k kind) Class() string { return [kinds]string{"mistake", "decision", "unanswered", "choice"}[k] }

// An advice is what to do about a reason.
type advice struct {
	kind kind
	todo string
}

var advices = map[consent.Reason]advice{
	consent.ReasonNothingRead: {mistake, "If no signal of the browser denies everything on this site, nobody read an answer: there is no middleware before this code, " +
		"or the context is not that of the request, or the cookie could not be read. Fix that before you enforce. " +
		"For events about no person there is Client.Exempt; for jobs, consent.WithText."},
	consent.SuppressedAnotherPerson: {mistake, "The client is for one person (Client.About), and these events are about another. Use the answer of the person they are about."},
	consent.SuppressedNoCategories:  {mistake, "The policy names no category. Add them: without one Segment enforces nothing."},
	consent.SuppressedRouter:        {mistake, "The router of this program panicked, or returned what has no JSON form: see the log. Nothing leaves until it is mended."},
	consent.ReasonNotUTF8:           {mistake, "The name in the policy is damaged. Write it as Segment's catalogue does."},
	consent.SuppressedNothingAllowed: {mistake, "The policy returned nothing at all for these visitors. A policy that goes by the visitor's own list " +
		"needs an answer that names destinations."},
	consent.ReasonNotListed: {decision, "The policy does not list it, so it is denied for everybody. If it should get events, list it: under its categories, " +
		"or under Always if it is strictly necessary. Warehouses are opened by the name \"Warehouses\"."},
	consent.ReasonNotOffered: {decision, "It is new since these visitors answered. Ask them again, or let its categories decide (Imply, or ServerOnly for " +
		"what the browser never offers)."},
	consent.ReasonWarehouses: {decision, "Segment opens and closes all warehouses together. List \"Warehouses\", with the categories of all of them."},
	consent.SuppressedUnstoppable: {decision, "These messages are suppressed, since nothing can stop them from reaching the denied destination named here. " +
		"If it may have them whatever visitors answer, it belongs under Always; if not, disconnect it from this source and take it out of the policy."},
	consent.SuppressedAlias:   {decision, "An Alias leaves only when nothing is denied. Send an Identify with both ids instead, if the visitor may be known under both."},
	consent.ReasonApplication: {decision, "The application's own integrations turn it off, under an alias or in a casing that Segment ignores today and this library does not."},
	consent.ReasonTooMany:     {decision, "More names than are taken from a visitor's own list. List the destinations in the policy."},
	consent.ReasonNoAnswer: {unanswered, "These visitors have not answered, and the policy is opt-in. Check whether all of them see the banner. " +
		"Package consent/hold keeps events until the answer comes."},
	consent.ReasonRestDenied:        {choice, "Visitors denied everything that they did not name. Nothing to do: so far these events were sent anyway."},
	consent.ReasonCategoryDenied:    {choice, "Visitors denied it. Nothing to do: so far these events were sent anyway."},
	consent.ReasonDestinationDenied: {choice, "Visitors denied this destination. Nothing to do: so far these events were sent anyway."},
	consent.ReasonUnlistedDenied:    {choice, "Visitors denied this destination. Nothing to do: so far these events were sent anyway."},
}

// adviceOn returns what to do about a loss. A custom policy may have other reasons.
func adviceOn(r consent.Reason) advice {
	if a, ok := advices[r]; ok {
		return a
	}
	return advice{decision, "This reason comes from your own policy."}
}
