package tcf

// Where the fields of the publisher's segment begin.
const (
	atPublisherConsents  = typeBits
	atPublisherInterests = atPublisherConsents + purposes
	atCustomCount        = atPublisherInterests + purposes
	customCountBits      = 6
	atCustomConsents     = atCustomCount + customCountBits
)

// checkPublisher checks that the publisher's segment is complete.
func checkPublisher(segment bits) error {
	if !segment.holds(atCustomConsents, 2*segment.customPurposes()) {
		return errCut
	}
	return nil
}

func (b bits) customPurposes() int { return int(b.number(atCustomCount, customCountBits)) }

// HasPublisherTC reports whether the string has a segment with what the visitor
// answered to the publisher itself, rather than to vendors.
func (s String) HasPublisherTC() bool { return s.publisher != "" }

// PublisherConsent reports whether the visitor consented to the publisher's own use of
// data for a purpose of the framework, 1 to 24.
func (s String) PublisherConsent(purpose int) bool {
	return s.publisher.one(atPublisherConsents, purposes, purpose)
}

// PublisherLegitimateInterest reports whether the visitor was told of the publisher's
// own legitimate interest in a purpose of the framework, 1 to 24, and did not object.
func (s String) PublisherLegitimateInterest(purpose int) bool {
	return s.publisher.one(atPublisherInterests, purposes, purpose)
}

// CustomPurposes returns how many purposes of its own the publisher has, 63 at most.
// Their ids count from 1.
func (s String) CustomPurposes() int { return s.publisher.customPurposes() }

// CustomPurposeConsent reports whether the visitor consented to one of the publisher's
// own purposes.
func (s String) CustomPurposeConsent(id int) bool {
	return s.publisher.one(atCustomConsents, s.CustomPurposes(), id)
}

// CustomPurposeLegitimateInterest reports whether the visitor was told of a legitimate
// interest in one of the publisher's own purposes, and did not object.
func (s String) CustomPurposeLegitimateInterest(id int) bool {
	n := s.CustomPurposes()
	return s.publisher.one(atCustomConsents+n, n, id)
}
