package consent

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/message"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/internal/segment"
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
const UpdateEvent = segment.UpdateEvent

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
	shared    *shared
	state     State
	derived   bool
	anonymous func() string
}

// New returns a Client that sends through next. It is bound to All(Denied), so
// before With or For it sends to the strictly necessary destinations alone. A nil
// Policy, or a nil pointer in one, allows nothing. With a nil next every Enqueue
// is an error. The options may be nil.
//
// New cannot see how next was configured: its DefaultContext must hold nothing
// about consent or integrations. [NewSegment] checks that.
//
// If next has a method Decided(analytics.Message, Decision, Reason), it is called when
// and as [Options.OnDecision] is, before it, with the reason why the message is
// suppressed, or "" if it leaves. The recorder of the consenttest package has one, and
// so knows of messages that it is never given.
func New(next analytics.Client, p Policy, o *Options) *Client {
	s := newShared(p, o)
	if !nils.Is(next) {
		s.next = next
		s.watcher, _ = next.(watcher)
	}
	return &Client{shared: s, state: All(Denied)}
}

// With returns a client for a visitor who answered s. Closing it does nothing.
func (c *Client) With(s State) *Client {
	return c.derive(func(d *Client) { d.state = s })
}

// For returns a client for the visitor whose State ctx carries, which is
// All(Denied) if it carries none. Nothing else of ctx is used: analytics-go sends
// in the background, after a request has ended.
func (c *Client) For(ctx context.Context) *Client {
	return c.With(FromContext(ctx))
}

// Anonymous returns a client that fills in the AnonymousId of messages that have
// none with what id returns, which may be "". It asks only for a message that
// leaves for a destination the visitor allowed, or that updates preferences: no
// identifier is read for what stays home, or for strictly necessary destinations.
func (c *Client) Anonymous(id func() string) *Client {
	return c.derive(func(d *Client) { d.anonymous = id })
}

// derive returns a copy of c with a change. One of a nil client is no client either.
func (c *Client) derive(change func(*Client)) *Client {
	d := new(Client)
	if c != nil {
		*d = *c
	}
	d.derived = true
	change(d)
	return d
}

// Enqueue sends the message to where the visitor's State allows, through the client
// that c wraps. It accepts the six types of analytics-go, by value or by pointer.
//
// It returns nil for a message that consent keeps back; OnDecision and OnOutcome
// are told. It returns an error for a message that is invalid
// ([analytics.FieldError]) or no message ([ErrMessage]), after Close
// ([analytics.ErrClosed]), for an update of preferences without any
// ([ErrNoPreferences]), and what the wrapped client returns.
//
// A client of [NewSegment] also refuses what analytics-go would accept and then
// drop: a message without a JSON form ([ErrNoJSON]) or with more than 32,000 bytes
// of it ([analytics.ErrMessageTooBig]). It does not block but for [Options.Wait],
// and then returns [ErrFull]. With [New] Enqueue may block as long as the wrapped
// client does.
func (c *Client) Enqueue(m analytics.Message) error {
	if c == nil || c.shared == nil || c.shared.next == nil {
		return ErrNoClient
	}
	s := c.shared
	s.counters.enqueued.Add(1)
	given, stamped, decision, suppressed, err := c.prepare(m)
	if err == nil {
		s.tell(given, decision, suppressed)
	}
	if err == nil && suppressed != "" {
		s.settle(given, Outcome{Result: Suppressed, Decision: decision, Reason: suppressed})
		return nil
	}
	if err == nil {
		err = s.send(stamped)
	}
	if err != nil {
		s.settle(m, Outcome{Result: Refused, Err: err})
	}
	return err
}

// prepare checks the message and decides about it. It returns the message by value
// as the caller gave it, and as it may leave.
func (c *Client) prepare(m analytics.Message) (given, stamped analytics.Message, d Decision, suppressed Reason, err error) {
	given, ok := message.Value(m)
	if !ok {
		return nil, nil, d, "", fmt.Errorf("%w: %T", ErrMessage, m)
	}
	if err := c.validate(given); err != nil {
		return nil, nil, d, "", err
	}
	if c.shared.gate.closed.Load() {
		return nil, nil, d, "", analytics.ErrClosed
	}
	stamped, d, suppressed, err = c.stamp(given)
	if err != nil || suppressed != "" || c.anonymous == nil {
		return given, stamped, d, suppressed, err
	}
	if d.identifies() || isUpdate(given) {
		c.shared.guard("Anonymous", func() { stamped = withAnonymousID(stamped, c.anonymous) })
	}
	return given, stamped, d, "", stamped.Validate()
}

// validate leaves out the id that Anonymous may still fill in.
func (c *Client) validate(m analytics.Message) error {
	if c.anonymous != nil {
		m = withAnonymousID(m, func() string { return "to come" })
	}
	return m.Validate()
}

// stamp decides about the message, and returns it as it may leave.
func (c *Client) stamp(m analytics.Message) (stamped analytics.Message, d Decision, suppressed Reason, err error) {
	d = c.shared.decide(c.state)
	if isUpdate(m) {
		track := m.(analytics.Track)
		made, err := d.updateStamp(c.state)
		if err != nil {
			return nil, d, "", err
		}
		track.Properties = nil
		return withStamp(track, made.contextOf(nil), maps.Clone(made.integrations)), made.decision, "", nil
	}
	made := d.stampFor(c.state)
	suppressed = made.suppressed
	if _, ok := m.(analytics.Alias); ok {
		suppressed = made.alias
	}
	if suppressed != "" {
		return nil, made.decision, suppressed, nil
	}
	context, caller := stampOf(m)
	f := freezer{}
	frozen := f.object(caller)
	if f.err != nil {
		return nil, made.decision, "", f.err
	}
	narrowed, integrations := made.narrowed(frozen)
	return withStamp(m, made.contextOf(context), maps.Clone(integrations)), narrowed, "", nil
}

func isUpdate(m analytics.Message) bool {
	track, ok := m.(analytics.Track)
	return ok && track.Event == UpdateEvent
}

// Stats returns how many messages have had which outcome.
func (c *Client) Stats() Stats {
	if c == nil || c.shared == nil {
		return Stats{}
	}
	return c.shared.counters.stats()
}

// Close closes the wrapped client, which sends what it has queued and then returns;
// Enqueue is an error from then on. On a client that With, For or Anonymous
// returned, Close does nothing. A second Close returns [analytics.ErrClosed].
//
// Close takes as long as Segment does; [Client.Shutdown] has a deadline. On a client
// of [NewSegment] it also waits until [Options.OnOutcome] and the Callback have returned
// for each message that was delivered or failed, so do not call it from there.
func (c *Client) Close() error {
	if c == nil || c.shared == nil || c.shared.next == nil {
		return ErrNoClient
	}
	if c.derived {
		return nil
	}
	return c.shared.close()
}
