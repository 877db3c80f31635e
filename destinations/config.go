// Package destinations turns a table of categories and destinations into a
// [consent.Policy].
//
// [Compile] takes a [Config], reports every mistake in it at once, and returns a
// [Policy] that may be shared by all goroutines. [Policy.Explain] shows a privacy
// reviewer what the policy makes of a visitor's answer, and why.
//
// A Config can be made of a [Register], the reviewed list of a site's destinations, which
// [Load] reads from a file. [Audit] finds what somebody has to look at before it goes
// live: destinations that are connected at Segment but not in the register, reviews that
// have expired, and destinations that it opens and its [Table] of decisions did not. The
// command consentgate, in the directory below this package, does so in a pull request.
package destinations

// A Config says which destinations each category of consent covers. Names of
// destinations are those of Segment's documentation, which are case-sensitive;
// names of categories are those of the consent platform.
//
// The zero Config names no destination and decides by the visitor's own list: a
// destination is open if the visitor granted it by name.
type Config struct {
	// Categories lists the destinations of each category. A destination may be in
	// several, and then needs the consent to all of them, as in Segment's own
	// enforcement. A category may have no destination. Without any category, the
	// policy reports the three of Segment's Consent Manager.
	Categories map[string][]string

	// Always lists the destinations that are strictly necessary and need no
	// consent. That is the site's own legal claim. They are in no category.
	Always []string

	// Aliases lists the other names of a destination: those that the visitor's
	// answers use, or that Segment's catalogue also accepts. A denial under any
	// of the names denies the destination.
	Aliases map[string][]string

	// OptOut allows a destination if the visitor has not answered. Zero: denied. An
	// answer that could not be read, or was not looked for, denies either way.
	OptOut bool

	// ServerOnly lists destinations that the browser never offers to the
	// visitor, so that only the categories decide about them.
	ServerOnly []string

	// Imply decides every destination by its categories when the visitor's
	// answers do not name it. Zero: a destination that the visitor was not asked
	// about, though asked about others by name, is denied.
	Imply bool

	// AllowUnlisted leaves destinations open that this Config does not name, except
	// for those that the visitor denied. These are closed in the spellings that the
	// visitor and this Config use. Zero: closed.
	AllowUnlisted bool
}
