package consent

import (
	"context"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/internal/segment"
)

// UpdateEvent is the Track event that tells Segment, or the service of an [Updater], of a
// visitor's new answer. It always leaves, to Segment or that service alone and with nothing
// but ids and preferences, unless it is about another person than the client is for
// ([Client.About]).
const UpdateEvent = segment.UpdateEvent

// A Client is an [analytics.Client] that enforces the consent of one visitor on
// every message: it stamps the consent context, closes the denied destinations in
// the integrations object, and suppresses a message when the integrations object
// would not be enough.
//
// A Client is bound to a State. With and For return clients bound to another, and Exempt
// one for events about no person. They are cheap, share the connection, and are made for
// each request. The State and the decision are a snapshot at Enqueue: analytics-go sends
// within seconds, or minutes if it has to try again, even if the visitor changes the answer in
// the meantime.
//
// All methods may be called from many goroutines at once. Enqueue copies the
// message, its Context with Extra, and its Integrations before it returns. As with
// analytics-go itself, Properties, Traits and values inside those maps are read
// later, and must not be changed after Enqueue.
type Client struct {
	shared    *shared
	state     State
	bound     bool // to the State of somebody
	derived   bool
	anonymous func() string
	person    *string    // of About, whose messages alone it sends, or nil
	exempt    *exemption // of Exempt, or nil
	necessary *necessity // of Necessary, or nil
	enforced  bool       // also where Options send messages unchanged

	all      []State         // several answers of which state was made, or nil
	values   context.Context // of For, for a Queue; nil: none
	delivery *delivering     // of Deliver, or nil
}

// New returns a Client that sends through next. It is bound to All(Denied), so
// before With or For it sends to the strictly necessary destinations alone. A nil
// Policy, or a nil pointer in one, allows nothing. With a nil next every Enqueue
// is an error. The options may be nil.
//
// New cannot see how next was configured: its DefaultContext must hold nothing
// about consent or integrations. [NewSegment] checks that.
//
// If next has a method Decided(analytics.Message, Decision, Reason), it is called just before
// [Options.OnDecision], with the reason why the message is suppressed, or "" if it leaves. The
// Recorder of the consenttest package has one, and so learns of messages that it is never given.
// If next has a method Unenforced(), that is called when [Options.DangerouslySendUnchanged] is
// set. A method DecidedBy(Policy) is called with the policy.
//
// If next has a method Tells(func(analytics.Message, error)), New calls it once. next then has to
// call the function once for every message that it accepted, with the message, whose MessageId
// must be unchanged, and with nil if it was delivered, or else the reason why it was lost. The
// outcomes are then Delivered and Failed instead of Accepted. The error must contain nothing of a
// message. If such a client has the methods Flush(context.Context) error and
// Shutdown(context.Context) (lost int, err error), [Client.Flush] and [Client.Shutdown] call them.
// They have to do what is said there.
func New(next analytics.Client, p Policy, o *Options) *Client {
	s := newShared(p, o)
	if !nils.Is(next) {
		wrapped := delivery.Wrap(next)
		s.outlet = wrapped
		if t, ok := next.(teller); ok {
			wrapped.Tracked, s.untold = true, ""
			t.Tells(s.told(wrapped))
		}
		s.watcher, _ = next.(watcher)
		if u, ok := next.(interface{ Unenforced() }); ok && s.unchanged != nil {
			u.Unenforced()
		}
		if w, ok := next.(interface{ DecidedBy(Policy) }); ok && s.policy != nil {
			w.DecidedBy(p)
		}
	}
	if next == Discard {
		s.untold = Discarded
	}
	s.warnUnchanged()
	return &Client{shared: s, state: All(Denied)}
}

// With returns a client for a visitor who answered s. Closing it does nothing.
func (c *Client) With(s State) *Client {
	d := c.derive()
	d.state, d.bound, d.exempt = s, true, nil
	d.all, d.values = nil, nil
	return d
}

// For returns a client for the visitor whose State ctx carries, which is
// All(Denied) if it carries none; [Stats] then counts its messages as Unbound. Nothing
// else of ctx is used: analytics-go sends in the background, after a request has ended.
// The queue of [NewQueued] is given the values of ctx, but neither its deadline nor its end.
func (c *Client) For(ctx context.Context) *Client {
	d := c.derive()
	d.exempt = nil
	d.state, d.bound = Lookup(ctx)
	if d.shared != nil && d.shared.queue != nil {
		d.all, d.values = answersOf(ctx), nil
		if ctx != nil {
			d.values = context.WithoutCancel(ctx)
		}
	}
	return d
}

// Anonymous returns a client that fills in the AnonymousId of messages that have
// none with what id returns, which may be "". It asks only for a message that
// leaves for a destination the visitor allowed, or that updates preferences: no
// identifier is read for a suppressed message, or for strictly necessary destinations.
func (c *Client) Anonymous(id func() string) *Client {
	d := c.derive()
	d.anonymous = id
	return d
}

// derive returns a copy of c to change. One of a nil client is no client either.
func (c *Client) derive() *Client {
	d := new(Client)
	if c != nil {
		*d = *c
	}
	d.derived = true
	return d
}

// Enqueue sends the message to where the visitor's State allows, through the client
// that c wraps. It accepts the six types of analytics-go, by value or by pointer.
//
// It returns nil for a suppressed message; OnDecision and OnOutcome are told. It returns an error
// for a message that is invalid ([analytics.FieldError]) or of another type ([ErrMessage]), whose
// Integrations have no JSON form ([ErrNoJSON]), or which [Client.Exempt] or [Client.Necessary]
// refuses; for an update of preferences without any ([ErrNoPreferences]); and after Close or
// Shutdown ([analytics.ErrClosed]). It also returns the error of the wrapped client.
//
// A client of [NewSegment] also refuses what analytics-go would accept and then
// drop: a message without a JSON form, or with more than 32,000 bytes of it
// ([analytics.ErrMessageTooBig]). If too many messages are pending, it returns [ErrFull], at once
// or after [Options.Wait]; it never blocks otherwise. With [New], Enqueue may block as long as the
// wrapped client does.
func (c *Client) Enqueue(m analytics.Message) (err error) {
	if c == nil || c.shared == nil || c.shared.outlet == nil {
		return ErrNoClient
	}
	s := c.shared
	s.counters.enqueued.Add(1)
	if !c.bound {
		s.counters.unbound.Add(1)
	}
	if c.exempt != nil {
		s.counters.exempt.Add(1)
	}
	o := Outcome{Result: Refused, Err: ErrExited} // if a hook ends the goroutine
	defer func() {
		if o.Result != "" {
			s.settle(m, o)
			c.finish(o)
		}
	}()
	m, o = c.send(m)
	return o.Err
}

// Stats returns how many messages have had which outcome.
func (c *Client) Stats() Stats {
	if c == nil || c.shared == nil {
		return Stats{}
	}
	return c.shared.counters.stats()
}

// Flush sends what was enqueued before it, and waits until each of those messages has its
// outcome and [Options.OnOutcome] and the Callback have returned, or until ctx is done; the
// error is then that of ctx. Messages that others enqueue meanwhile do not delay it. It must
// not be called from those callbacks.
//
// It needs a client of [NewSegment], or one of [New] whose wrapped client has a Flush; for any
// other the error is [ErrNotTracked].
func (c *Client) Flush(ctx context.Context) error {
	if c == nil || c.shared == nil || c.shared.outlet == nil {
		return ErrNoClient
	}
	return c.shared.outlet.Flush(ctx)
}

// Shutdown is Close with a deadline. It sends what is queued, and tries again what fails,
// until ctx is done: with a deadline, it waits at most half of the time that is left before
// it tries again, even if the server asks for more. Then it gives up what is left, and
// returns how many messages were lost meanwhile. Each of them has the outcome Failed. For
// OnOutcome and the Callback to return, Shutdown waits until ctx is done and a second more.
// An Enqueue that waits for a place ([Options.Wait]) returns [analytics.ErrClosed].
//
// The error is that of ctx if it was done first, and [analytics.ErrClosed] after another
// Close or Shutdown.
//
// On a client of [New] whose wrapped client has no Shutdown, it calls the Close of that and
// waits for it until ctx is done. It returns -1, since nobody knows how many messages were lost. On a client
// that With, For, Anonymous, Exempt or Necessary returned, Shutdown does nothing.
func (c *Client) Shutdown(ctx context.Context) (lost int, err error) {
	if c == nil || c.shared == nil || c.shared.outlet == nil {
		return 0, ErrNoClient
	}
	if c.derived {
		return 0, nil
	}
	return c.shared.outlet.Shutdown(ctx)
}

// Close closes the wrapped client, which sends what it has queued and then returns;
// Enqueue is an error from then on. On a client that With, For, Anonymous,
// Exempt or Necessary returned, Close does nothing. A second Close returns [analytics.ErrClosed].
//
// Close takes as long as Segment does; [Client.Shutdown] has a deadline, and tries again
// what fails: after Close each batch has one more attempt. On a client of [NewSegment] it
// also waits until [Options.OnOutcome] and the Callback have returned
// for each message that was delivered or failed, so do not call it from there.
func (c *Client) Close() error {
	if c == nil || c.shared == nil || c.shared.outlet == nil {
		return ErrNoClient
	}
	if c.derived {
		return nil
	}
	return c.shared.outlet.Close()
}
