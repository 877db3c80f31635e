package consenttest

import "github.com/go-consent/segment/consent"

// A claim is what the application claims about a message, independent of any answer.
type claim struct {
	message     head
	exempt      bool   // it is not about a person
	destination string // it is strictly necessary for this one
}

// claimed returns the claims in what was decided.
func claimed(decided []Decided) map[claim]bool {
	all := make(map[claim]bool)
	for _, d := range decided {
		for v := range d.Decision.Verdicts() {
			switch v.Reason {
			case consent.ReasonExempt:
				all[claim{message: headOf(d.Message), exempt: true}] = true
			case consent.ReasonNecessary:
				all[claim{message: headOf(d.Message), destination: v.Destination}] = true
			}
		}
	}
	return all
}

// isExempt reports whether a decision is for a message that is not about a person.
func isExempt(d consent.Decision) bool {
	for v := range d.Verdicts() {
		if v.Reason == consent.ReasonExempt {
			return true
		}
	}
	return false
}
