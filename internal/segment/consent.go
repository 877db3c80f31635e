package segment

import (
	"slices"

	"github.com/go-consent/segment/internal/names"
)

// UpdateEvent is the Track event that tells Segment of a visitor's new answer.
const UpdateEvent = "Segment Consent Preference Updated"

// ConsentKey is the key of the consent object in the context of a message.
const ConsentKey = foldedConsent

// A ConsentObject is the consent object of a message. Neither map may be nil: Segment
// delivers an event without category preferences to every destination.
type ConsentObject struct {
	Categories   map[string]bool `json:"categoryPreferences"`
	Destinations map[string]bool `json:"destinationPreferences"`
}

// Contradicts reports whether a key of a context could override the consent object or
// the integrations: another casing of it, or one of those that older parts of Segment
// read integrations from (@segment/facade, and the HTTP API before it had an
// integrations object).
func Contradicts(contextKey string) bool {
	folded := names.Fold(contextKey)
	return folded == foldedConsent || slices.Contains(contradicting[:], folded)
}

// Contradicting returns the keys that contradict, but for the consent object itself.
func Contradicting() []string { return contradicting[:] }

var contradicting = [...]string{foldedObject, foldedAll, foldedLegacy}
