package tcf

// A Restriction is what the publisher allows a vendor to do for a purpose.
type Restriction uint8

// The zero Restriction is Unrestricted: what the vendor declared in the Global Vendor
// List applies.
const (
	Unrestricted Restriction = iota
	NotAllowed
	RequireConsent
	RequireLegitimateInterest
)

// String returns "unrestricted", "not allowed", "consent required" or "legitimate
// interest required".
func (r Restriction) String() string {
	switch r {
	case NotAllowed:
		return "not allowed"
	case RequireConsent:
		return "consent required"
	case RequireLegitimateInterest:
		return "legitimate interest required"
	default:
		return "unrestricted"
	}
}

const (
	purposeIDBits       = 6
	restrictionTypeBits = 2
	restrictionBits     = purposeIDBits + restrictionTypeBits

	highestID = 1<<idBits - 1
)

// checkRestrictions reads the restrictions at at, each of which is a purpose, a type,
// and ranges of vendors.
func checkRestrictions(core bits, at int) error {
	if !core.holds(at, countBits) {
		return errCut
	}
	next := at + countBits
	for range core.number(at, countBits) {
		var err error
		if _, next, err = parseRanges(core, next+restrictionBits, highestID); err != nil {
			return err
		}
	}
	return nil
}

// PublisherRestriction returns what the publisher restricted for that vendor and
// purpose. Of several restrictions the strictest counts, and one of an undefined type
// counts as NotAllowed. It takes time linear in the restrictions.
func (s String) PublisherRestriction(purpose, vendor int) Restriction {
	found := Unrestricted
	next := s.restrictions + countBits
	for range s.core.number(s.restrictions, countBits) {
		restricted := int(s.core.number(next, purposeIDBits))
		kind := s.core.number(next+purposeIDBits, restrictionTypeBits)
		count := s.core.number(next+restrictionBits, countBits)
		next += restrictionBits + countBits
		for range count {
			var first, last int
			first, last, next = s.core.span(next)
			if restricted != purpose || vendor < first || last < vendor {
				continue
			}
			if r := restrictionOf(kind); found == Unrestricted || r < found {
				found = r
			}
		}
	}
	return found
}

func restrictionOf(kind uint64) Restriction {
	switch kind {
	case 1:
		return RequireConsent
	case 2:
		return RequireLegitimateInterest
	default:
		return NotAllowed
	}
}
