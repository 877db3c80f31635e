package consenttest

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"

	"github.com/segmentio/analytics-go/v3"
)

// maxMessageSize is the size above which analytics-go, and Segment, drop a message.
const maxMessageSize = 32000

// A Recorder is an [analytics.Client] that keeps what it is given. The zero Recorder
// is ready. It may be used by many goroutines at once, and must not be copied after
// first use.
type Recorder struct {
	mu     sync.Mutex
	events []Event
	closed bool
}

// An Event is a message as it would have left for Segment.
type Event struct {
	// Message is the message by value, with the type, id and time that analytics-go
	// adds. Its maps and pointers are those the Recorder was given.
	Message analytics.Message

	// JSON is the message on the wire: a snapshot, whatever became of its maps.
	JSON []byte
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
