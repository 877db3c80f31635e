// Package hold keeps the events of visitors who have not answered until they do.
//
// The events of a visitor's first page come before the answer, and an opt-in policy
// suppresses them. A [Hold] keeps them in memory, within bounds, and passes them to the
// client when the answer comes, to be decided by that answer:
//
//	held := hold.New(client, policy, hold.Options{})
//	err := held.For(r.Context(), cookie.AnonymousID(r)).Enqueue(m)
//
// For finds the answer in the visitor's next request; the endpoint that takes it can pass it
// on at once:
//
//	preferences.Handler{OnAnswer: func(r *http.Request, _, given consent.State) {
//		held.Answer(cookie.AnonymousID(r), given)
//	}}
//
// Whether events may be kept at all before the answer is a question for a lawyer: they
// are about a person, if only in memory and for minutes.
package hold

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"log"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// Options are the bounds of a Hold. Zero means the default given with each field; with a
// negative bound nothing is held.
type Options struct {
	MaxVisitors int           // with held messages; zero: 10,000
	MaxMessages int           // of one visitor; zero: 20
	MaxBytes    int           // of JSON, of all messages; zero: 16 MiB. Memory is a few times that
	MaxAge      time.Duration // zero: 10 minutes

	// OnEnd is called when the wait of a message ends, before it goes to the client, whose
	// OnOutcome reports its outcome. It is called from many goroutines at once, and must not
	// change the message. A panic is recovered and logged.
	OnEnd func(m analytics.Message, why End)
}

// An End is why the wait of a message ended.
type End string

const (
	// Answered: the visitor answered, and the message is decided by that answer.
	Answered End = "the visitor answered"
	// Expired: there was no answer within MaxAge.
	Expired End = "no answer came in time"
	// NoRoom: one of the bounds was reached, and the message never waited.
	NoRoom End = "there was no room to wait"
	// Closed: the Hold was closed.
	Closed End = "the program ended before an answer came"
)

// A Hold keeps messages. It may be used by many goroutines at once.
//
// Each message goes to the client once: when its visitor answers, or else when it is too
// old, when there is no room, or at Close. In the latter cases it is decided as without the
// Hold, for a visitor without an answer: it reaches the strictly necessary destinations, or
// is suppressed. So each message has one outcome at the client, and counts as Enqueued there
// once it leaves the Hold. Held messages are lost if the process dies.
type Hold struct {
	client  *consent.Client
	policy  consent.Policy
	options Options

	mu       sync.Mutex
	queue    list.List // of *message, the oldest first
	visitors map[string][]*list.Element
	timer    *time.Timer // for the oldest; nil: none is held
	stats    Stats
	closed   bool
}

// Stats count messages. Held is the sum of Answered, Expired, Closed and the messages that
// still wait.
type Stats struct {
	Held     uint64 // that had to wait
	Answered uint64
	Expired  uint64
	Closed   uint64
	NoRoom   uint64 // that did not wait because there was no room

	Visitors int // with held messages now
	Bytes    int // of JSON, held now
}

// New returns a Hold for the client and its policy. Close it before the client.
//
// It holds messages only if nothing but strictly necessary destinations may see them without
// an answer. Under a policy that is opt-out, or allows unlisted destinations, there is
// nothing to wait for.
func New(client *consent.Client, policy consent.Policy, o Options) *Hold {
	o.MaxVisitors = cmp.Or(o.MaxVisitors, 10_000)
	o.MaxMessages = cmp.Or(o.MaxMessages, 20)
	o.MaxBytes = cmp.Or(o.MaxBytes, 16<<20)
	o.MaxAge = cmp.Or(o.MaxAge, 10*time.Minute)
	return &Hold{client: client, policy: policy, options: o, visitors: make(map[string][]*list.Element)}
}

// For returns the client of the visitor whose State ctx carries. The visitor is an id that
// stays the same until the answer, and that nobody else can guess: an answer sent with it
// decides what is held under it. If the State holds an answer, held messages leave first,
// and new ones do not wait. If it holds none, consent.NewState(nil), messages wait. In any
// other case, such as a browser's signal that denies something, a context without a State,
// or an id that is empty or longer than 200 bytes, they are decided at once.
//
// An event of a request that was in progress when the answer came waits for the next answer.
// The Close of the returned client does nothing.
func (h *Hold) For(ctx context.Context, visitor string) analytics.Client {
	s, client := consent.FromContext(ctx), h.client.For(ctx)
	if s.Answered() {
		earlier := h.client.For(consent.Detach(ctx))    // its messages are of other requests
		_ = h.end(h.takeOf(visitor), Answered, earlier) // OnOutcome is told
	}
	if s != consent.NewState(nil) || visitor == "" || len(visitor) > maxVisitor {
		return client
	}
	return &waiting{h, client, visitor}
}

const maxVisitor = 200 // bytes of an id

// Answer passes what is held for the visitor to the client, in the order in which it came,
// to be decided by s. Pass the State that counts from now on; on a site with several Sources
// or Signals only the next request has it, and For is enough. A State without any answer or
// denial changes nothing. The error joins the errors of Enqueue.
func (h *Hold) Answer(visitor string, s consent.State) error {
	if !s.Answered() && s.Rest() == consent.Unknown {
		return nil
	}
	return h.end(h.takeOf(visitor), Answered, h.client.With(s))
}

// Close ends the wait of all messages. Later messages do not wait. The error joins the
// errors of Enqueue.
func (h *Hold) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	return h.end(h.take(Closed, func(*message) bool { return true }), Closed, h.client.With(h.unanswered()))
}

// Stats returns the counts so far.
func (h *Hold) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.stats
	s.Visitors = len(h.visitors)
	return s
}

// expire ends the wait of messages that are too old. It runs on its own goroutine, where a
// panic of a wrapped client would end the process.
func (h *Hold) expire() {
	now := time.Now()
	old := h.take(Expired, func(m *message) bool { return now.Sub(m.at) >= h.options.MaxAge })
	for _, m := range old {
		h.guard("the client", func() { _ = h.end([]*message{m}, Expired, h.client.With(h.unanswered())) })
	}
}

// end passes messages that are no longer held to the client.
func (h *Hold) end(messages []*message, why End, client *consent.Client) error {
	var failed []error
	for _, m := range messages {
		h.tell(m.message, why)
		failed = append(failed, client.Enqueue(m.message))
	}
	return errors.Join(failed...)
}

func (h *Hold) tell(m analytics.Message, why End) {
	if h.options.OnEnd != nil {
		h.guard("OnEnd", func() { h.options.OnEnd(m, why) })
	}
}

func (h *Hold) guard(name string, call func()) {
	defer func() {
		if r := recover(); r != nil {
			log.Printf("hold: %s panicked with a %T", name, r)
		}
	}()
	call()
}

// unanswered returns the State of a visitor who did not answer. If the policy now allows
// more, the visitor may have denied that since, unknown to the Hold.
func (h *Hold) unanswered() consent.State {
	if h.waits() {
		return consent.NewState(nil)
	}
	return consent.All(consent.Denied)
}

// waits reports whether an answer can allow what is denied without one.
func (h *Hold) waits() (waits bool) {
	h.guard("the policy", func() {
		if h.policy == nil {
			return
		}
		d := h.policy.Decide(consent.NewState(nil))
		waits = !d.Unlisted()
		for v := range d.Verdicts() {
			waits = waits && (!v.Allowed || v.Reason == consent.ReasonAlways)
		}
	})
	return waits
}
