package destinations

import (
	"slices"
	"time"

	"github.com/go-consent/segment/internal/segment"
)

// An Entry is a destination in the [Register].
type Entry struct {
	Name          string   // as in Segment's documentation
	CreationName  string   // by which the Consent Manager's cookie calls it
	Aliases       []string // further names
	PreviousNames []string // that Segment gave it before
	Catalogue     string   // its category in Segment's catalogue, when it was reviewed

	Vendor     Vendor
	Purposes   []string
	Categories []string // of consent; all of them are needed
	ServerOnly bool     // as in Config
	Basis      Basis
	Overrides  []Override // where another basis holds

	Persons       []string // whose data it is: visitors, customers
	Data          []string // which data
	SensitiveData []string // which data of Articles 9 and 10 of the GDPR
	Source        string   // where the data come from
	Recipients    []string
	Region        string // where they are kept
	Transfers     []Transfer
	Retention     string
	Security      string
	Cookies       []Cookie

	Audiences          bool // groups of people are built from the data
	AutomatedDecisions bool // decisions of Article 22 of the GDPR are taken

	DPA  string // the contract with the processor
	DPIA string // the impact assessment

	Owner      string
	Reviewer   string
	Reviewed   time.Time
	NextReview time.Time
}

// Names returns every name of the destination, its Name first, each once.
func (e Entry) Names() []string {
	all := []string{e.Name}
	for _, name := range slices.Concat([]string{e.CreationName}, e.Aliases, e.PreviousNames) {
		if name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// Unstoppable reports whether Segment cannot keep an event from this destination alone, so that a
// denial of it suppresses the whole event: storage, profiles and Engage.
func (e Entry) Unstoppable() bool { return slices.ContainsFunc(e.Names(), segment.Unstoppable) }

// BasisIn returns the legal basis in a regime: that of an override, or else the entry's.
func (e Entry) BasisIn(regime string) Basis {
	for _, o := range e.Overrides {
		if o.Regime == regime {
			return o.Basis
		}
	}
	return e.Basis
}

// A Vendor runs a destination.
type Vendor struct {
	Name    string
	Role    Role
	Address string
	Contact string
}

// A Role is the part that a vendor plays under the GDPR.
type Role string

// The roles, as the register spells them.
const (
	RoleProcessor       Role = "processor"
	RoleJointController Role = "joint"
	RoleController      Role = "controller"
)

// A Basis is the legal ground of sending events to a destination.
type Basis struct {
	Kind       BasisKind
	Reason     string // why it holds
	Assessment string // where the legitimate interest is assessed
}

// A BasisKind is a legal ground. Only BasisStrictlyNecessary opens a destination by itself.
type BasisKind string

// The kinds, as the register spells them. BasisStrictlyNecessary is the exemption of Article
// 5(3) of the ePrivacy Directive; BasisOptOut is a law that lets processing go on until the
// person objects, as in US states; the others are of Article 6(1) of the GDPR.
const (
	BasisConsent            BasisKind = "consent"
	BasisStrictlyNecessary  BasisKind = "strictlyNecessary"
	BasisLegitimateInterest BasisKind = "legitimateInterest"
	BasisContract           BasisKind = "contract"
	BasisLegalObligation    BasisKind = "legalObligation"
	BasisOptOut             BasisKind = "optOut"
)

// An Override is a legal basis that holds in one regime.
type Override struct {
	Regime string
	Basis  Basis
}

// A Transfer takes data to a third country.
type Transfer struct {
	Country   string // two letters, ISO 3166-1
	Safeguard string // of Chapter V of the GDPR: an adequacy decision, standard clauses
}

// A Cookie is one that a destination, or Segment, sets in the browser.
type Cookie struct {
	Name     string
	Purpose  string
	Duration string
}
