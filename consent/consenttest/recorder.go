package consenttest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/segment"
)

// maxMessageSize is the size above which analytics-go, and Segment, drop a message.
const maxMessageSize = 32000

// A Recorder is an [analytics.Client] that keeps what it is given. The zero Recorder
// is ready. It may be used by many goroutines at once, and must not be copied after
// first use.
//
// A client of [consent.New] that wraps a Recorder also tells it what was decided about each
// message, sent or suppressed: see [Recorder.Decided]. A custom client between the two must pass
// that on; it does if it embeds the *Recorder.
type Recorder struct {
	// Destinations are names that the Require methods accept besides those that the
	// policy names: destinations of the workspace that the policy leaves out, or any
	// if the policy decides by the visitor's own list. Set it before first use.
	Destinations []string

	mu      sync.Mutex
	events  []Event
	decided []Decided
	named   map[string]bool // by the decisions, those before Reset included
	policy  consent.Policy  // of the last client made of it, or nil
	filter  Filter          // for failures, if Where made this Recorder
	closed  bool

	unenforced bool // the client sends messages unchanged
}

// An Event is a message as it would have left for Segment.
type Event struct {
	// Message is the message by value, with the type, id and time that analytics-go
	// adds. Its maps and pointers are those the Recorder was given.
	Message analytics.Message

	// JSON is the message on the wire: a snapshot that later changes of its maps do not affect.
	JSON []byte

	where string // the application enqueued it, or ""
}

// A Decided is a message that a policy has decided about, whether it left or not.
type Decided struct {
	// Message is the message by value, as the application gave it. Its maps and
	// pointers are the application's.
	Message analytics.Message

	// Decision tells which destinations may see it and why.
	Decision consent.Decision

	// Suppressed is why the message was suppressed, or "" if it left.
	Suppressed consent.Reason

	where string // as in Event
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
	// As part of a batch the JSON is checked again, and may be nested too deep.
	if snapshot, err = json.Marshal(json.RawMessage(snapshot)); err != nil {
		return err
	}
	if len(snapshot) > maxMessageSize {
		return analytics.ErrMessageTooBig
	}
	where := caller()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return analytics.ErrClosed
	}
	r.events = append(r.events, Event{m, snapshot, where})
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

// Decided records the decision about a message, whether it was sent or suppressed. A
// [consent.Client] calls it. Do not call it from [consent.Options], or every decision counts
// twice.
func (r *Recorder) Decided(m analytics.Message, d consent.Decision, suppressed consent.Reason) {
	where := caller()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.decided = append(r.decided, Decided{m, d, suppressed, where})
	if r.named == nil {
		r.named = make(map[string]bool)
	}
	for v := range d.Verdicts() {
		if isOfPolicy(v, d) {
			r.named[v.Destination] = true
		}
	}
}

// DecidedBy records the policy of a client. [consent.New] calls it; [Run] then knows what a
// visitor's answer allows.
func (r *Recorder) DecidedBy(p consent.Policy) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policy = p
}

// isOfPolicy reports whether the verdict is about a destination that the policy names:
// a visitor's denials, and the integrations of a message, can name anything.
func isOfPolicy(v consent.Verdict, d consent.Decision) bool {
	switch v.Reason {
	case consent.ReasonUnlistedDenied, consent.ReasonApplicationNamed:
		return false
	case consent.ReasonApplication:
		return !d.Unlisted() // or it may be added for what the message turned off
	}
	return true
}

// Reset forgets what was recorded, but not which destinations the policy names. A closed
// Recorder stays closed.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events, r.decided = nil, nil
}

// Events returns what was recorded, in order. Segment itself receives all of it;
// Reached tells which destinations do. The list and its JSON are copies.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := slices.Clone(r.events)
	for i := range events {
		events[i].JSON = bytes.Clone(events[i].JSON)
	}
	return events
}

// Sent returns the JSON of the Events, for [RequireHonoured].
func (r *Recorder) Sent() [][]byte {
	var sent [][]byte
	for _, e := range r.Events() {
		sent = append(sent, e.JSON)
	}
	return sent
}

// Reached returns the events that the destination of that name would have received, by
// the rules Segment documents for the integrations object ("Filtering data",
// "Warehouses FAQ"):
//
//   - The entry under the exact name decides: false closes, any other value opens.
//   - Without one the entry "All" decides, and without that the destination is open.
//   - Warehouses are closed only by false or {"all": false} under "Warehouses",
//     which all of them share.
//   - Amazon S3, Google Cloud Storage, data lakes and Engage are never closed.
//
// The consent object is ignored: what it closes depends on the workspace. The fake of package
// segmenttest has a workspace.
//
// Reached takes a misspelt name for a destination that nothing was said about, which "All" closes.
// RequireReached fails the test for such a name.
func (r *Recorder) Reached(destination string) []Event {
	return reached(r.Events(), destination)
}

// Suppressed returns the messages that were suppressed, in order.
func (r *Recorder) Suppressed() []Decided {
	return slices.DeleteFunc(r.decisions(), func(d Decided) bool { return d.Suppressed == "" })
}

func (r *Recorder) decisions() []Decided {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.decided)
}

// knows reports whether the name is that of a destination, and returns all such names. Names are
// exact. If no policy has decided, as for an event that was stamped elsewhere, the names of its
// integrations object count.
func (r *Recorder) knows(destination string) (known bool, names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := maps.Clone(r.named)
	if all == nil {
		all = make(map[string]bool)
	}
	for _, name := range r.Destinations {
		all[name] = true
	}
	if r.named == nil {
		for _, e := range r.events {
			for name := range e.sent().Integrations {
				if !segment.Reserved(name) {
					all[name] = true
				}
			}
		}
	}
	kind := segment.Named(destination) // every workspace may have warehouses and storage
	return all[destination] || kind.Warehouse || kind.Storage, slices.Sorted(maps.Keys(all))
}
