package consent

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/message"
	"github.com/go-consent/segment/internal/nils"
)

// Errors of a Client. A message that consent keeps back is not an error: see
// [Options.OnDecision].
var (
	// ErrMessage is the error of a message that is nil or of a type other than the
	// six of analytics-go.
	ErrMessage = errors.New("consent: not a message to send")
	// ErrNoClient is the error of a Client that has no client to send with.
	ErrNoClient = errors.New("consent: no analytics client to send with")
	// ErrNoPreferences is the error of an [UpdateEvent] that has no preferences to
	// report: its State or its policy names no category.
	ErrNoPreferences = errors.New("consent: no category preferences to report")
)

// UpdateEvent is the Track event that tells Segment of a visitor's new answer. It
// always leaves, to Segment alone and with nothing but ids and preferences.
const UpdateEvent = "Segment Consent Preference Updated"

// Options are the options of a Client. The zero value, or nil, has none of them.
type Options struct {
	// OnDecision is called for every valid message before it is sent or withheld,
	// on the goroutine that called Enqueue. The message is the caller's, by value;
	// its maps and context are the caller's own and must not be changed. The
	// Decision includes what the caller's integrations closed, and
	// [Decision.Withheld] tells whether the message stays.
	OnDecision func(analytics.Message, Decision)
}

// A Client is an [analytics.Client] that enforces the consent of one visitor on
// every message: it stamps the consent context, closes the denied destinations in
// the integrations object, and keeps a message back when the integrations object
// would not be enough.
//
// A Client is bound to a State. With and For return clients bound to another; they
// are cheap, share the connection, and are made for each request. The State and
// the decision are a snapshot at Enqueue: analytics-go sends within seconds, or
// minutes when it has to try again, whatever the visitor answers meanwhile.
//
// All methods may be called from many goroutines at once. Enqueue copies the
// message, its Context with Extra, and its Integrations before it returns. As with
// analytics-go itself, Properties, Traits and values inside those maps are read
// later, and must not be changed after Enqueue.
type Client struct {
	shared  *shared
	state   State
	derived bool
}

// shared is what a Client and those derived from it have in common.
type shared struct {
	next       analytics.Client
	policy     Policy
	onDecision func(analytics.Message, Decision)

	mu     sync.RWMutex // guards closed, and inUse.Add against inUse.Wait
	closed bool
	inUse  sync.WaitGroup
}

// New returns a Client that sends through next. It is bound to All(Denied), so
// before With or For it sends to the strictly necessary destinations alone. A nil
// Policy, or a nil pointer in one, allows nothing. With a nil next every Enqueue
// is an error. The options may be nil.
//
// New cannot see how next was configured: its DefaultContext must hold nothing
// about consent or integrations. [NewSegment] checks that.
func New(next analytics.Client, p Policy, o *Options) *Client {
	s := &shared{next: next, policy: p}
	if nils.Is(next) {
		s.next = nil
	}
	if nils.Is(p) {
		s.policy = nil
	}
	if o != nil {
		s.onDecision = o.OnDecision
	}
	return &Client{shared: s, state: All(Denied)}
}

// With returns a client for a visitor who answered s. Closing it does nothing.
func (c *Client) With(s State) *Client {
	return &Client{shared: c.shared, state: s, derived: true}
}

// For returns a client for the visitor whose State ctx carries, which is
// All(Denied) if it carries none. Nothing else of ctx is used: analytics-go sends
// in the background, after a request has ended.
func (c *Client) For(ctx context.Context) *Client {
	return c.With(FromContext(ctx))
}

// Enqueue sends the message to where the visitor's State allows, through the client
// that c wraps. It accepts the six types of analytics-go, by value or by pointer.
//
// It returns nil for a message that consent keeps back; OnDecision is told. It
// returns an error for a message that is invalid ([analytics.FieldError]) or no
// message ([ErrMessage]), after Close ([analytics.ErrClosed]), for an update of
// preferences without any ([ErrNoPreferences]), and what the wrapped client
// returns. It may block as long as the wrapped client does.
func (c *Client) Enqueue(m analytics.Message) error {
	if c == nil || c.shared == nil || c.shared.next == nil {
		return ErrNoClient
	}
	value, ok := message.Value(m)
	if !ok {
		return fmt.Errorf("%w: %T", ErrMessage, m)
	}
	m = value
	if err := m.Validate(); err != nil {
		return err
	}
	if c.shared.isClosed() {
		return analytics.ErrClosed
	}
	stamped, decision, err := c.stamp(m)
	if err != nil {
		return err
	}
	if c.shared.onDecision != nil {
		c.shared.onDecision(m, decision)
	}
	if decision.Withheld() != "" {
		return nil
	}
	return c.shared.enqueue(stamped)
}

// stamp decides about the message, and returns it as it may leave.
func (c *Client) stamp(m analytics.Message) (analytics.Message, Decision, error) {
	decision := c.shared.decide(c.state)
	if track, ok := m.(analytics.Track); ok && track.Event == UpdateEvent {
		return c.stampUpdate(track, decision)
	}
	if _, ok := m.(analytics.Alias); ok && decision.Withheld() == "" && (decision.denies() || c.state.Denials() != State{}) {
		decision.withheld = WithheldAlias
	}
	if decision.Withheld() != "" {
		return nil, decision, nil
	}
	m = restamp(m, func(context *analytics.Context, caller analytics.Integrations) (*analytics.Context, analytics.Integrations) {
		decision = decision.narrow(caller)
		return contextOf(context, c.state, decision), decision.integrations(caller)
	})
	return m, decision, nil
}

// stampUpdate makes the update of preferences: the documentation of Segment asks
// for it regardless of preferences, and refuses it without any.
func (c *Client) stampUpdate(m analytics.Track, d Decision) (analytics.Message, Decision, error) {
	if d.body == nil || len(d.body.categories) == 0 {
		return nil, d, fmt.Errorf("%w: the policy names no category", ErrNoPreferences)
	}
	answered := false
	for range c.state.Categories() {
		answered = true
	}
	if !answered {
		return nil, d, fmt.Errorf("%w: the State names no category", ErrNoPreferences)
	}
	m.Properties = nil
	m.Context = contextOf(nil, c.state, d)
	body := *d.body
	body.unlisted = false
	d = Decision{body: &body}.deny(func(Verdict) bool { return true }, ReasonUpdateEvent)
	m.Integrations = d.closedForm(nil)
	return m, d, nil
}

// Close closes the wrapped client, which sends what it has queued and then returns;
// Enqueue is an error from then on. On a client that With or For returned, Close
// does nothing. A second Close returns [analytics.ErrClosed].
func (c *Client) Close() error {
	if c == nil || c.shared == nil || c.shared.next == nil {
		return ErrNoClient
	}
	if c.derived {
		return nil
	}
	return c.shared.close()
}

func (s *shared) decide(state State) Decision {
	if s.policy == nil {
		return Decision{}
	}
	return s.policy.Decide(state)
}

func (s *shared) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}

// enqueue passes the message on unless Close was called. analytics-go has a data
// race between its Enqueue and its Close, so Close waits for those under way. The
// lock is not held meanwhile: a Callback that enqueues must not wait for Close.
func (s *shared) enqueue(m analytics.Message) error {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return analytics.ErrClosed
	}
	s.inUse.Add(1)
	s.mu.RUnlock()
	defer s.inUse.Done()
	return s.next.Enqueue(m)
}

func (s *shared) close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return analytics.ErrClosed
	}
	s.inUse.Wait()
	return s.next.Close()
}
