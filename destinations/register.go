package destinations

import (
	"errors"
	"time"

	"github.com/go-consent/segment/consent"
)

// ErrRegister is the error of a mistake in a [Register]: see [Mistake].
var ErrRegister = errors.New("destinations: bad register")

// A Register is the reviewed list of the destinations that a site uses: what each is for,
// on what legal basis, who receives what and where, who answers for it and until when it
// was reviewed. It is a JSON file that [Load] reads; register.schema.json in the directory of this
// package is its JSON Schema.
//
// Its Config decides about events, so that the review is what takes effect. [Audit]
// compares it with what Segment really has and with what was decided before. Package
// records makes the records of processing from it.
type Register struct {
	Controller       Party
	JointControllers []Party
	Representative   Party // in the Union, Article 27 of the GDPR
	DPO              Party // the data protection officer

	Notice         Notice // the privacy notice in force
	Security       string // technical and organisational measures, or where they are described
	ConsentRecords string // where the records of consent are
	Segment        Router

	Categories []Category
	Regimes    []Regime

	OptOut, Imply, AllowUnlisted bool // as in Config

	Destinations []Entry
	Approvals    []Approval

	lines map[string]int // by key, such as "destinations[2].owner"
}

// A Party is a person or an organisation, with how to reach it.
type Party struct {
	Name    string
	Address string
	Contact string
}

// A Notice is the privacy notice that visitors are shown.
type Notice struct {
	URL     string
	Version string
}

// A Router describes Segment itself, which receives every event that leaves and is itself a
// processor.
type Router struct {
	Vendor    Vendor
	Region    string
	Transfers []Transfer
	Retention string
	Security  string
	DPA       string
	Cookies   []Cookie
}

// A Category is one that visitors are asked about.
type Category struct {
	Name          string
	Purpose       string // as the notice says it
	Advertising   bool   // whether it is for advertising, on this site or elsewhere
	NoticeVersion string // the first version of the notice that names it
}

// A Regime is a law that applies to some visitors, under a name that the site chooses.
type Regime struct {
	Name     string
	Law      string
	Presumed []string // categories that this law lets a visitor be presumed to grant
}

// An Approval says that a person allowed a destination to be decided wider than before.
type Approval struct {
	Destination string // "" for destinations that the register does not name
	Opens       string // the Fingerprint of the Opening
	By          string
	On          time.Time
	Why         string
}

// Config returns the Config of the register. A destination whose legal basis is
// [BasisStrictlyNecessary] needs no consent. Every other destination, whatever its basis, needs
// consent to its categories, given or presumed. Creation names and former names are aliases.
func (r *Register) Config() Config {
	c := Config{
		Categories: make(map[string][]string), Aliases: make(map[string][]string),
		OptOut: r.OptOut, Imply: r.Imply, AllowUnlisted: r.AllowUnlisted,
	}
	for _, category := range r.Categories {
		c.Categories[category.Name] = nil
	}
	for _, e := range r.Destinations {
		if e.Basis.Kind == BasisStrictlyNecessary {
			c.Always = append(c.Always, e.Name)
		}
		for _, category := range e.Categories {
			c.Categories[category] = append(c.Categories[category], e.Name)
		}
		if e.ServerOnly {
			c.ServerOnly = append(c.ServerOnly, e.Name)
		}
		if aliases := e.Names()[1:]; len(aliases) > 0 {
			c.Aliases[e.Name] = aliases
		}
	}
	return c
}

// Defaults returns, for each regime of the register, what a visitor who has not answered is presumed
// to grant: what the Default of the middleware returns there.
func (r *Register) Defaults() map[string]consent.State {
	defaults := make(map[string]consent.State)
	for _, regime := range r.Regimes {
		presumed := make(map[string]bool)
		for _, category := range regime.Presumed {
			presumed[category] = true
		}
		defaults[regime.Name] = consent.NewState(presumed).Presume()
	}
	return defaults
}

// Line returns the line of the file on which the value of a key begins, such as
// "destinations[2].owner". For a key that is not in the file, it returns the line of the object that
// would contain it. In a Register that was not loaded, it returns 0.
func (r *Register) Line(key string) int {
	for key != "" {
		if line, ok := r.lines[key]; ok {
			return line
		}
		key = parent(key)
	}
	return r.lines[""]
}
