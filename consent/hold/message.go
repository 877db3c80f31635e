package hold

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
)

// A waiting client is the client of a visitor without an answer.
type waiting struct {
	hold    *Hold
	client  *consent.Client
	visitor string
}

// Enqueue keeps the message, or passes it to the client if it cannot wait.
func (w *waiting) Enqueue(given analytics.Message) error {
	if !w.hold.waits() {
		return w.client.Enqueue(given)
	}
	m := newMessage(w.visitor, given)
	if m == nil {
		return w.client.Enqueue(given)
	}
	switch w.hold.keep(m) {
	case "":
		return nil
	case NoRoom:
		w.hold.tell(given, NoRoom)
	}
	return w.client.Enqueue(m.message)
}

// Close does nothing.
func (w *waiting) Close() error { return nil }

// A message is one that waits: a copy, with the id and time that it had on arrival.
type message struct {
	visitor string
	message analytics.Message
	size    int
	at      time.Time
}

// newMessage returns a copy of the message to keep, or nil if the client would refuse it or
// send it whatever the visitor answers.
func newMessage(visitor string, given analytics.Message) *message {
	m, ok := delivery.Open(given)
	if !ok || given.Validate() != nil || m.Event != nil && *m.Event == consent.UpdateEvent {
		return nil
	}
	now := time.Now()
	if *m.MessageID == "" {
		*m.MessageID = rand.Text()
	}
	if m.Timestamp.IsZero() {
		*m.Timestamp = now
	}
	var err, failed error
	if *m.Context, err = delivery.FreezeContext(*m.Context); err != nil {
		failed = err
	}
	if *m.Integrations, err = frozen(*m.Integrations); err != nil {
		failed = err
	}
	if m.Object != nil {
		if *m.Object, err = frozen(*m.Object); err != nil {
			failed = err
		}
	}
	if failed != nil {
		return nil
	}
	text, err := json.Marshal(m.Pointer())
	if err != nil {
		return nil
	}
	return &message{visitor, m.Value(), len(text), now}
}

// frozen returns a copy of the map with plain JSON values.
func frozen(given map[string]any) (map[string]any, error) {
	plain, _, err := delivery.Freeze(given)
	return maps.Clone(plain), err
}

// keep holds the message, or returns why it cannot.
func (h *Hold) keep(m *message) (refused End) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := h.visitors[m.visitor]
	switch {
	case h.closed:
		return Closed
	case len(held) >= h.options.MaxMessages, h.stats.Bytes+m.size > h.options.MaxBytes, h.options.MaxAge < 0,
		len(held) == 0 && len(h.visitors) >= h.options.MaxVisitors:
		h.stats.NoRoom++
		return NoRoom
	}
	h.visitors[m.visitor] = append(held, h.queue.PushBack(m))
	h.stats.Held++
	h.stats.Bytes += m.size
	if h.timer == nil {
		h.timer = time.AfterFunc(h.options.MaxAge, h.expire)
	}
	return ""
}

// takeOf takes out what is held for a visitor.
func (h *Hold) takeOf(visitor string) (taken []*message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.visitors[visitor] {
		taken = append(taken, h.queue.Remove(e).(*message))
	}
	delete(h.visitors, visitor)
	h.took(taken, &h.stats.Answered)
	return taken
}

// take takes out the oldest messages as long as they match.
func (h *Hold) take(why End, match func(*message) bool) (taken []*message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for e := h.queue.Front(); e != nil && match(e.Value.(*message)); e = h.queue.Front() {
		m := h.queue.Remove(e).(*message)
		taken = append(taken, m)
		if rest := h.visitors[m.visitor][1:]; len(rest) > 0 { // the oldest of all is the visitor's oldest
			h.visitors[m.visitor] = rest
		} else {
			delete(h.visitors, m.visitor)
		}
	}
	count := &h.stats.Expired
	if why == Closed {
		count = &h.stats.Closed
	}
	h.took(taken, count)
	if e := h.queue.Front(); e != nil {
		h.timer.Stop()
		h.timer = time.AfterFunc(time.Until(e.Value.(*message).at.Add(h.options.MaxAge)), h.expire)
	}
	return taken
}

// took counts what was taken out. The timer may fire too early for what is left.
func (h *Hold) took(taken []*message, count *uint64) {
	*count += uint64(len(taken))
	for _, m := range taken {
		h.stats.Bytes -= m.size
	}
	if h.timer != nil && h.queue.Len() == 0 {
		h.timer.Stop()
		h.timer = nil
	}
}
