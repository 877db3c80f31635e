package rudderstack

import (
	"crypto/rand"
	"sync"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// An adapter is an analytics.Client that sends with RudderStack's client, and the Callback
// of that. It holds each message until its outcome was told.
type adapter struct {
	next     rudder.Client
	callback rudder.Callback
	tell     func(analytics.Message, error)

	mu      sync.Mutex
	pending map[string][]analytics.Message // by id; an application may use one twice
}

func newAdapter(callback rudder.Callback) *adapter {
	return &adapter{callback: callback, pending: make(map[string][]analytics.Message)}
}

// Tells is what consent.New looks for.
func (a *adapter) Tells(tell func(analytics.Message, error)) { a.tell = tell }

// Enqueue sends the message. All that RudderStack's client is given is its own: that client
// writes to the Context, and reads values on another goroutine.
func (a *adapter) Enqueue(m analytics.Message) error {
	converted, id, err := convert(m, rand.Text)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.pending[id] = append(a.pending[id], m)
	a.mu.Unlock()
	if err := a.next.Enqueue(converted); err != nil {
		a.take(id)
		return described(err)
	}
	return nil
}

// Close sends what is queued, and tells of each message whose outcome nobody told: that
// client drops a batch without a word if the server says that it has no nodes.
func (a *adapter) Close() error {
	err := a.next.Close()
	a.mu.Lock()
	left := a.pending
	a.pending = make(map[string][]analytics.Message)
	a.mu.Unlock()
	for _, messages := range left {
		for _, m := range messages {
			a.tell(m, errNoOutcome)
		}
	}
	if err != nil {
		return described(err)
	}
	return nil
}

// take returns the message of that id, whose outcome is known.
func (a *adapter) take(id string) (m analytics.Message, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	messages := a.pending[id]
	if len(messages) == 0 {
		return nil, false // that client told of it before
	}
	if len(messages) == 1 {
		delete(a.pending, id)
	} else {
		a.pending[id] = messages[1:]
	}
	return messages[0], true
}

// Success implements the Callback of RudderStack's client.
func (a *adapter) Success(m rudder.Message) {
	if taken, ok := a.take(idOf(m)); ok {
		defer a.tell(taken, nil)
	}
	if a.callback != nil {
		defer func() { _ = recover() }() // it would end the process
		a.callback.Success(m)
	}
}

// Failure implements the Callback of RudderStack's client.
func (a *adapter) Failure(m rudder.Message, err error) {
	if taken, ok := a.take(idOf(m)); ok {
		defer a.tell(taken, described(err))
	}
	if a.callback != nil {
		defer func() { _ = recover() }()
		a.callback.Failure(m, err)
	}
}

var _ analytics.Client = (*adapter)(nil)
var _ rudder.Callback = (*adapter)(nil)
var _ consent.Router = Router{}
