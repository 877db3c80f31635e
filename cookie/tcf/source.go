package tcf

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// A Source reads the answer of a visitor from a TC string in a cookie. The zero
// Source reads the cookie euconsent-v2 into eleven categories, named "1" to "11"
// after the purposes. It may be used by many goroutines at once as long as nobody
// changes its maps.
type Source struct {
	// Name is the name of the cookie. Zero: euconsent-v2.
	Name string

	// Purposes names the category that a purpose of the framework stands for. A
	// category of several purposes is granted if all of them are. A purpose that is
	// not here is a category named by its number; those after 11, which the framework
	// has not defined, are left out.
	Purposes map[int]string

	// SpecialFeatures and CustomPurposes name the categories that special features (1
	// is precise location, 2 scanning the device) and the publisher's own purposes
	// stand for, as Purposes does. Others are left out. A custom purpose that the
	// string does not have is denied.
	SpecialFeatures map[int]string
	CustomPurposes  map[int]string

	// Vendors names the destination that a vendor of the Global Vendor List stands
	// for. A destination of several vendors is granted if all of them are. A vendor
	// that is not here is left out. If there are any, the visitor counts as asked by
	// destination, so destinations without a vendor are denied unless the Config lists
	// them as ServerOnly or Always, or has Imply.
	Vendors map[int]string

	// Categories are all categories of the site: one that an answer leaves out is
	// denied. The platform did not ask for such a category under the framework, and an
	// opt-out policy would otherwise allow it.
	Categories []string

	// LegitimateInterest lists purposes that are granted by legitimate interest too:
	// the visitor was told, and did not object. Zero: only by consent. The framework
	// has no legitimate interest in purposes 1 and 3 to 6, whatever a string says, and
	// they are never granted by it.
	LegitimateInterest []int

	// MaxAge is how long an answer is valid. Dates of the framework are whole days,
	// and so should MaxAge be; 13 months are common. A date more than a day ahead is
	// refused too. Zero: no limit.
	MaxAge time.Duration

	// Now is the clock for MaxAge. Zero: time.Now.
	Now func() time.Time

	// MinPolicyVersion refuses answers under an earlier version of the framework's
	// policies. Those below 4 have been invalid since 2023-09-30. Zero: none.
	MinPolicyVersion int

	// MinVendorListVersion refuses answers about an earlier version of the Global
	// Vendor List: set it when the site adds a vendor. Zero: none.
	MinVendorListVersion int

	// RequireDisclosed refuses strings that were created after 2026-02-28 and do not
	// list the vendors that were disclosed, whatever their policy version. Zero: of
	// those, only strings of policy version 5 or later are refused.
	RequireDisclosed bool
}

// Consent returns what the visitor answered. Without the cookie that is
// consent.NewState(nil). If the cookie cannot be read, or is refused, it is
// All(Denied), and the error wraps [cookie.ErrMalformed], and [ErrOutdated] if that is
// the reason. [cookie.Read] says how several copies are combined.
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return cookie.Read(r, cmp.Or(s.Name, DefaultName), s.Decode)
}

// Decode returns the answer in a TC string, by the same rules as Consent.
func (s Source) Decode(value string) (consent.State, error) {
	t, err := Parse(value)
	if err == nil {
		err = s.check(t)
	}
	if err != nil {
		return consent.All(consent.Denied), err
	}
	return s.state(t), nil
}

// Since then TCF 2.3 requires a list of the disclosed vendors, and its policy is
// version 5.
var disclosureRequired = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)

const disclosurePolicy = 5

// check returns why s refuses t.
func (s Source) check(t String) error {
	switch undisclosed := !t.HasDisclosedVendors() && !t.Created().Before(disclosureRequired); {
	case undisclosed && t.PolicyVersion() >= disclosurePolicy:
		return errUndisclosed
	case undisclosed && s.RequireDisclosed:
		return outdated("no list of disclosed vendors")
	case t.PolicyVersion() < s.MinPolicyVersion:
		return outdated("given under an earlier policy")
	case t.VendorListVersion() < s.MinVendorListVersion:
		return outdated("given for an earlier vendor list")
	case s.MaxAge > 0 && !s.fresh(t.LastUpdated()):
		return outdated("older than MaxAge, or dated in the future")
	}
	return nil
}

func outdated(why string) error { return fmt.Errorf("%w: %s", ErrOutdated, why) }

func (s Source) fresh(answered time.Time) bool {
	const day = 24 * time.Hour
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	age := now().Sub(answered)
	return -day <= age && age <= s.MaxAge
}

// defined is the highest purpose that the framework has defined.
const defined = 11

func (s Source) state(t String) consent.State {
	categories := make(map[string]bool, defined+len(s.SpecialFeatures)+len(s.CustomPurposes))
	for id := range defined {
		id++
		if _, named := s.Purposes[id]; !named {
			require(categories, strconv.Itoa(id), s.granted(t, id))
		}
	}
	for id, name := range s.Purposes {
		require(categories, name, s.granted(t, id))
	}
	for id, name := range s.SpecialFeatures {
		require(categories, name, t.SpecialFeature(id))
	}
	for id, name := range s.CustomPurposes {
		require(categories, name, t.CustomPurposeConsent(id))
	}
	state := cookie.Complete(consent.NewState(categories), s.Categories)
	if len(s.Vendors) == 0 {
		return state
	}
	destinations := make(map[string]bool, len(s.Vendors))
	for id, name := range s.Vendors {
		disclosed := !t.HasDisclosedVendors() || t.VendorDisclosed(id)
		require(destinations, name, disclosed && t.VendorConsent(id))
	}
	return state.WithDestinations(destinations)
}

// require grants a name unless something else with that name is denied.
func require(answers map[string]bool, name string, granted bool) {
	others, named := answers[name]
	answers[name] = granted && (others || !named)
}

// granted reports whether the string grants a purpose.
func (s Source) granted(t String, purpose int) bool {
	return t.PurposeConsent(purpose) ||
		slices.Contains(s.LegitimateInterest, purpose) && interestPermitted(purpose) && t.PurposeLegitimateInterest(purpose)
}

// interestPermitted reports whether the framework permits legitimate interest for a
// purpose. Versions before 2.2 did for 3 to 6 too.
func interestPermitted(purpose int) bool {
	return purpose != 1 && (purpose < 3 || purpose > 6)
}
