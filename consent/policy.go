package consent

// A Policy decides, for a visitor's State, which destinations may see an event.
// Decide is called for every message, from many goroutines at once, and must not
// block. The destinations package compiles one from a table; [NewDecision] is for
// policies of your own.
type Policy interface {
	Decide(State) Decision
}

// A Verdict says whether one destination may see an event, and why.
type Verdict struct {
	Destination string // as in Segment's documentation
	AliasOf     string // for another name of a destination: the destination
	Allowed     bool
	Reason      Reason
	Cause       string // the name of the answer that decided, where one did
}

// String returns a sentence such as
//
//	Amplitude: denied, the visitor denied a category (analytics)
func (v Verdict) String() string {
	s := v.Destination + ": denied"
	if v.Allowed {
		s = v.Destination + ": allowed"
	}
	if v.Reason != "" {
		s += ", " + string(v.Reason)
	}
	if v.Cause != "" {
		s += " (" + v.Cause + ")"
	}
	return s
}

// A Reason says why a destination was allowed or denied, or why a message was
// suppressed. It reads as part of a sentence, and can be compared with the constants of
// this package; a policy of your own may add others.
type Reason string

// Why a destination is allowed.
const (
	ReasonAlways             Reason = "strictly necessary"
	ReasonCategoriesGranted  Reason = "the visitor granted every category of it"
	ReasonDestinationGranted Reason = "the visitor granted it by name"
	ReasonPresumed           Reason = "nothing had to be asked of the visitor"
	ReasonOptOut             Reason = "no answer, and the policy is opt-out"
	ReasonExempt             Reason = "the event is about no person"
	ReasonNecessary          Reason = "strictly necessary for this message"
	ReasonUnlisted           Reason = "the policy leaves what it does not list open"
	ReasonApplicationNamed   Reason = "the application named it for this message, and nothing denies it"
)

// Why a destination is denied.
const (
	ReasonNothingRead       Reason = "no answer was read, or it denies everything" // All(Denied) is both
	ReasonRestDenied        Reason = "the answer denies the rest"
	ReasonDestinationDenied Reason = "the visitor denied it by name"
	ReasonUnlistedDenied    Reason = "the visitor denied it by name, and the policy does not list it"
	ReasonCategoryDenied    Reason = "the visitor denied a category"
	ReasonNotOffered        Reason = "new since the visitor was asked destination by destination"
	ReasonNoAnswer          Reason = "no answer, and the policy is opt-in"
	ReasonNotListed         Reason = "the policy does not list it"
	ReasonTooMany           Reason = "beyond what is taken from a visitor's own list"
	ReasonNotUTF8           Reason = "its name is not UTF-8"
	ReasonApplication       Reason = "the application turned it off for this message"
	ReasonWarehouses        Reason = "warehouses open and close together, and one is denied or not all are allowed"
	ReasonUpdateEvent       Reason = "the update of preferences goes to Segment alone"
	ReasonUpdateRouted      Reason = "the update of preferences goes to the router's service alone"
)

// Why a message is suppressed.
const (
	SuppressedNothingAllowed Reason = "no destination may see it"
	SuppressedUnstoppable    Reason = "a denied destination is one that nothing in the message can stop"
	SuppressedNoCategories   Reason = "the policy names no category, and without one Segment enforces nothing"
	SuppressedAlias          Reason = "an alias leaves only when nothing is denied"
	SuppressedUpdate         Reason = "the router is not told of updates of preferences"
	SuppressedRouter         Reason = "the router failed"
	SuppressedNoID           Reason = "its only id was filled in, and no destination that the visitor allowed is left"
	SuppressedSuperseded     Reason = "the visitor has answered otherwise since, and that answer has an update of its own"
	SuppressedAnotherPerson  Reason = "it is about another person than the one whose answer the client is bound to"
)
