package consent

import (
	"errors"

	"github.com/go-consent/segment/internal/delivery"
)

// Errors of a Client. A suppressed message is not an error: see
// [Options.OnDecision].
var (
	// ErrConfig is the error of a configuration that NewSegment refuses.
	ErrConfig = errors.New("consent: bad configuration")
	// ErrExempt is the error of a message that a client of [Client.Exempt] does not send:
	// the exemption has no reason, or the message is about a person. It names the field and
	// not its value.
	ErrExempt = errors.New("consent: not exempt")
	// ErrExited is the error of a message for which Enqueue did not return: a hook, a
	// MarshalJSON or the wrapped client ended the goroutine ([runtime.Goexit]), as a
	// failed test does.
	ErrExited = errors.New("consent: the goroutine ended during Enqueue")
	// ErrFull is the error of a message for which there was no place: see
	// [Options.MaxPending] and [Options.MaxPendingBytes].
	ErrFull = delivery.ErrFull
	// ErrMessage is the error of a message that is nil or of a type other than the
	// six of analytics-go. It names the type with its import path. Code that still imports
	// gopkg.in/segmentio/analytics-go.v3, or a fork, does not compile where it passes a client
	// or a Config of that path to New or NewSegment, or assigns a Client to a variable of that
	// path's type. A message of that path does compile, since a Validate method is all that
	// analytics-go requires of one.
	ErrMessage = errors.New("consent: not a message to send")
	// ErrNecessary is the error of a message of [Client.Necessary] that has no reason, or no
	// destination that the policy names.
	ErrNecessary = errors.New("consent: not strictly necessary")
	// ErrNoClient is the error of a Client that has no client to send with.
	ErrNoClient = errors.New("consent: no analytics client to send with")
	// ErrNoJSON is the error of a message that holds something without a JSON form. It
	// names the type and not the value.
	ErrNoJSON = delivery.ErrNoJSON
	// ErrNoPreferences is the error of an [UpdateEvent] that has no preferences to
	// report: its State or its policy names no category.
	ErrNoPreferences = errors.New("consent: no category preferences to report")
	// ErrNotTracked is the error of Flush on a Client that does not know what became of its
	// messages: one that was made by New, but for [New] of a client with a Flush.
	ErrNotTracked = delivery.ErrNotTracked
)
