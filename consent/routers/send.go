package routers

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
)

// Enqueue gives the message to each router, as [consent.Client.Enqueue] does. A MessageId and
// a Timestamp are filled in first where it has none. Each router gets maps of its own, but for
// what is inside of them.
//
// An error at one router does not keep the message from the others, nor does a panic of what
// its client wraps. The error joins theirs, each with the name of the router, so a message
// may be on its way to some routers although Enqueue returned an error: the outcome at each
// tells. Enqueue the message again only at the router that refused it, or with a MessageId.
func (c *Client) Enqueue(m analytics.Message) error {
	filled, ok := fill(m)
	var once func() string
	if c != nil && c.anonymous != nil {
		once = sync.OnceValue(c.anonymous)
	}
	return c.each(func(r *consent.Client) error {
		if once != nil {
			r = r.Anonymous(once)
		}
		if !ok {
			return r.Enqueue(m) // which says what is wrong with it
		}
		return r.Enqueue(own(filled))
	})
}

// Tell tells each router of a visitor's new answer, as [consent.Client.Tell] does. Those that
// have no event for it suppress that.
func (c *Client) Tell(a consent.Answer) error {
	return c.each(func(r *consent.Client) error { return r.Tell(a) })
}

// Opens reports whether a message of a visitor who answered s leaves for a destination that
// needs consent at any of the routers: see [consent.Client.Opens].
func (c *Client) Opens(s consent.State) bool {
	return c != nil && slices.ContainsFunc(c.routers, func(r Named) bool { return r.Client.Opens(s) })
}

// each calls do for every router, and joins the errors.
func (c *Client) each(do func(*consent.Client) error) error {
	if c == nil || len(c.routers) == 0 {
		return consent.ErrNoClient
	}
	failed := make([]error, len(c.routers))
	c.from(0, failed, do)
	return errors.Join(failed...)
}

// from calls do for a router and then for those after it, also if do panics or ends the
// goroutine.
func (c *Client) from(i int, failed []error, do func(*consent.Client) error) {
	if i == len(c.routers) {
		return
	}
	defer c.from(i+1, failed, do)
	r := c.routers[i]
	if err := do(r.Client); err != nil {
		failed[i] = fmt.Errorf("router %q: %w", r.Name, err)
	}
}

// fill returns a copy of the message with what each client would fill in by itself, and
// whether it is a message.
func fill(given analytics.Message) (analytics.Message, bool) {
	m, ok := delivery.Open(given)
	if !ok {
		return nil, false
	}
	if *m.MessageID == "" {
		*m.MessageID = newID()
	}
	if m.Timestamp.IsZero() {
		*m.Timestamp = time.Now()
	}
	return m.Value(), true
}

// newID returns a random UUID, as analytics-go would make. Snowplow needs one, and consent/snowplow
// would make another id of anything else.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// own returns the message with maps of its own. A client may write to what it is given, as
// RudderStack's does; the context, its Extra and the integrations each Client copies itself.
func own(given analytics.Message) analytics.Message {
	m, _ := delivery.Open(given)
	if c := *m.Context; c != nil && c.Traits != nil {
		copied := *c
		copied.Traits = maps.Clone(c.Traits)
		*m.Context = &copied
	}
	if m.Object != nil {
		*m.Object = maps.Clone(*m.Object)
	}
	return m.Value()
}
