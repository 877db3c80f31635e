package consenttest

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// maxMessageSize is the size above which analytics-go, and Segment, drop a message.
const maxMessageSize = 32000

// A Recorder is an [analytics.Client] that keeps what it is given. The zero Recorder
// is ready. It may be used by many goroutines at once, and must not be copied after
// first use.
//
// By itself it sees only the messages that leave. To know of those that consent kept
// back, and of the answers that decided, it has to be told: see [Recorder.Decision].
type Recorder struct {
	mu      sync.Mutex
	events  []Event
	decided []Decided
	closed  bool
}

// An Event is a message as it would have left for Segment.
type Event struct {
	// Message is the message by value, with the type, id and time that analytics-go
	// adds. Its maps and pointers are those the Recorder was given.
	Message analytics.Message

	// JSON is the message on the wire: a snapshot, whatever became of its maps.
	JSON []byte
}

// A Decided is a message that a policy has decided about, whether it left or not.
type Decided struct {
	// Message is the message by value, as the application gave it. Its maps and
	// pointers are the application's.
	Message analytics.Message

	// Decision tells which destinations may see it and why, and with
	// [consent.Decision.Withheld] why it stayed home, if it did.
	Decision consent.Decision
}

// Enqueue records the message as analytics-go would send it. It returns an error if
// the message is invalid ([analytics.FieldError]), nil or of an unknown type
// ([consent.ErrMessage]), and after Close ([analytics.ErrClosed]).
//
// It also returns as an error what analytics-go would only tell a Callback while it
// drops the message: that it has no JSON form, or more than 32,000 bytes of it
// ([analytics.ErrMessageTooBig]).
func (r *Recorder) Enqueue(m analytics.Message) error {
	m, err := complete(m)
	if err != nil {
		return err
	}
	if err := m.Validate(); err != nil {
		return err
	}
	snapshot, err := json.Marshal(m)
	if err != nil {
		return err
	}
	// As part of a batch the JSON is looked at once more, and may nest too deep.
	if snapshot, err = json.Marshal(json.RawMessage(snapshot)); err != nil {
		return err
	}
	if len(snapshot) > maxMessageSize {
		return analytics.ErrMessageTooBig
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return analytics.ErrClosed
	}
	r.events = append(r.events, Event{m, snapshot})
	return nil
}

// Close ends the recording; what was recorded stays. A second Close returns
// [analytics.ErrClosed].
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return analytics.ErrClosed
	}
	r.closed = true
	return nil
}

// Decision records what was decided about a message, be it sent or kept back. It is
// meant for [consent.Options]:
//
//	consent.New(&recorder, policy, &consent.Options{OnDecision: recorder.Decision})
//
// RequireSuppressed and RequireDenied need it, and with it every failure tells which
// answer decided.
func (r *Recorder) Decision(m analytics.Message, d consent.Decision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.decided = append(r.decided, Decided{m, d})
}

// Reset forgets what was recorded. A Recorder that is closed stays so.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events, r.decided = nil, nil
}

// Events returns what was recorded, in order. Segment itself receives all of it;
// Reached tells which destinations do. The list and its JSON are copies.
func (r *Recorder) Events() []Event { return r.Where(Filter{}).Events() }

// Reached is [Selection.Reached] of everything that was recorded.
func (r *Recorder) Reached(destination string) []Event {
	return r.Where(Filter{}).Reached(destination)
}

// Suppressed is [Selection.Suppressed] of everything that was recorded.
func (r *Recorder) Suppressed() []Decided { return r.Where(Filter{}).Suppressed() }

// RequireReached is [Selection.RequireReached] of everything that was recorded.
func (r *Recorder) RequireReached(t testing.TB, destination string, n int) []Event {
	t.Helper()
	return r.Where(Filter{}).RequireReached(t, destination, n)
}

// RequireNotReached is [Selection.RequireNotReached] of everything that was recorded.
func (r *Recorder) RequireNotReached(t testing.TB, destination string) {
	t.Helper()
	r.Where(Filter{}).RequireNotReached(t, destination)
}

// RequireSuppressed is [Selection.RequireSuppressed] of everything that was recorded.
func (r *Recorder) RequireSuppressed(t testing.TB, reason consent.Reason, n int) []Decided {
	t.Helper()
	return r.Where(Filter{}).RequireSuppressed(t, reason, n)
}

// RequireDenied is [Selection.RequireDenied] of everything that was recorded.
func (r *Recorder) RequireDenied(t testing.TB, destination string, reason consent.Reason, n int) []Decided {
	t.Helper()
	return r.Where(Filter{}).RequireDenied(t, destination, reason, n)
}
