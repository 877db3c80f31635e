package queue

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-consent/segment/consent"
)

// A Worker takes messages out of a Queue, decides about each once more, and sends it:
// see [consent.Client.Deliver]. It acknowledges a message when its outcome is known. Several
// Workers, in several processes, may share a Queue. Messages with the same id are one message
// to it, as they are to Segment.
type Worker struct {
	o        Options
	counters counters
	failures failures

	mu     sync.Mutex
	held   map[string]*held // by message id
	unread int              // envelopes that could not be read
	free   chan struct{}    // has room for so many messages as may be held
	done   chan settlement
	pace   pace // of Run's goroutine
}

// A held is a message that the Worker has received and not settled.
type held struct {
	id         string
	deliveries []Delivery // of the same message; the newest is the last
	attempt    int        // of the first of them
	envelope   Envelope
	forgotten  bool
	sent       bool // the client has it
	ended      atomic.Bool
}

// A settlement is what is to become of a held message.
type settlement struct {
	held    *held
	outcome consent.Outcome
}

// NewWorker returns a Worker. The error joins everything wrong, each wrapping [ErrConfig].
func NewWorker(o Options) (*Worker, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	return &Worker{
		o: o, held: make(map[string]*held), free: make(chan struct{}, o.MaxHeld),
		done: make(chan settlement, o.MaxHeld), pace: newPace(o.Rate),
	}, nil
}

// settlers acknowledge at the same time: with an engine over the network that takes a while.
const settlers = 4

// Run works until ctx is done. Then it receives nothing more, gives back what the Client does
// not have yet, makes the Client send what it has, and waits for the outcomes, no longer than
// Options.Grace: what has none by then stays in the queue and comes again, when the lease is
// over, under the same message id. Close the Client afterwards. Run may be called once. It
// returns the error of ctx.
//
// After an answer of 429 Too Many Requests from Segment no message is decided about, or given to
// the Client, until [consent.Client.LimitedUntil]: Segment limits a workspace, and not a message.
func (w *Worker) Run(ctx context.Context) error {
	over := make(chan struct{})
	var helpers sync.WaitGroup
	for range settlers {
		helpers.Go(func() { w.settleAll(over) })
	}
	helpers.Go(func() { w.extendAll(over) })
	for ctx.Err() == nil {
		w.receive(ctx)
	}
	w.drain()
	close(over)
	helpers.Wait()
	return ctx.Err()
}

// receive waits for messages, and begins to deliver them.
func (w *Worker) receive(ctx context.Context) {
	if !w.unlimited(ctx) {
		return
	}
	room := 0
	for room < cap(w.free) && room < 250 {
		if room > 0 {
			select {
			case w.free <- struct{}{}:
				room++
				continue
			default:
			}
			break
		}
		select {
		case w.free <- struct{}{}:
			room++
		case <-ctx.Done():
			return
		}
	}
	deliveries, err := w.o.Queue.Receive(ctx, room)
	for range room - len(deliveries) {
		<-w.free
	}
	if err != nil && ctx.Err() == nil {
		w.failed("Receive", err)
		sleep(ctx, w.o.Backoff(1))
	}
	var begun []*held
	for _, d := range deliveries {
		w.counters.received.Add(1)
		if d.Attempt() > 1 {
			w.counters.redelivered.Add(1)
		}
		if h := w.hold(d); h != nil {
			begun = append(begun, h)
		}
	}
	for _, h := range begun {
		if w.unlimited(ctx) && sleep(ctx, w.pace.next(time.Now())) {
			w.deliver(h)
		} else {
			w.end(h, consent.Outcome{Result: consent.Failed, Err: errStopped})
		}
	}
}

// hold begins to hold what was received. It returns nil if there is nothing to deliver.
func (w *Worker) hold(d Delivery) *held {
	e, err := d.Envelope()
	if err != nil {
		// Nobody knows its id: it is held under one of its own, which no JSON has.
		w.mu.Lock()
		w.unread++
		h := &held{id: fmt.Sprint("\xff", w.unread), deliveries: []Delivery{d}, attempt: d.Attempt()}
		w.held[h.id] = h
		w.mu.Unlock()
		w.end(h, consent.Outcome{Result: consent.Refused, Err: err})
		return nil
	}
	w.mu.Lock()
	h, again := w.held[e.MessageID]
	if again {
		h.deliveries = append(h.deliveries, d)
	} else {
		h = &held{id: e.MessageID, deliveries: []Delivery{d}, envelope: e, attempt: d.Attempt()}
		w.held[e.MessageID] = h
	}
	w.mu.Unlock()
	if !again {
		return h
	}
	w.counters.again.Add(1)
	<-w.free
	w.call("Extend", d.Extend)
	return nil
}

// deliver decides about a message, and gives it to the client.
func (w *Worker) deliver(h *held) {
	e := h.envelope
	refused := func(err error) { w.end(h, consent.Outcome{Result: consent.Refused, Err: err}) }
	switch {
	case time.Since(e.Captured.At) > w.o.MaxAge:
		refused(ErrTooOld)
		return
	case h.attempt > w.o.MaxAttempts:
		refused(ErrAttempts)
		return
	}
	now, err := w.current(e)
	if err != nil {
		w.failed("Answers", err)
		w.end(h, consent.Outcome{Result: consent.Failed, Err: fmt.Errorf("queue: the answers are out of reach: %w", err)})
		return
	}
	w.mu.Lock()
	forgotten := h.forgotten
	h.sent = !forgotten
	w.mu.Unlock()
	if forgotten {
		w.end(h, consent.Outcome{})
		return
	}
	defer func() {
		if r := recover(); r != nil { // of a client that is wrapped
			refused(fmt.Errorf("queue: the client panicked with a %T", r))
		}
	}()
	w.o.Client.Deliver(e.Captured, now, func(o consent.Outcome) { w.end(h, o) })
}

// current returns what counts for a message now; nil if what was captured is enough.
func (w *Worker) current(e Envelope) (now *consent.Standing, err error) {
	if e.Captured.Exempt != "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.o.Timeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			now, err = nil, fmt.Errorf("a panic with a %T", r)
		}
	}()
	s, given, err := w.o.Answers.Current(ctx, e.UserID, cmp.Or(e.AnonymousID, e.PreviousID))
	switch {
	case err != nil:
		return nil, err
	case s != consent.NewState(nil):
		return &consent.Standing{State: s, Given: given}, nil
	case !w.o.TrustCapture:
		return &consent.Standing{Given: given}, nil // All(Denied)
	case !given.IsZero():
		return &consent.Standing{State: s, Given: given}, nil // the whole answer was taken back
	default:
		return nil, nil
	}
}

// end makes a settler settle the message, once. It never blocks: there is room for all that
// is held.
func (w *Worker) end(h *held, o consent.Outcome) {
	if !h.ended.Swap(true) {
		w.done <- settlement{h, o}
	}
}

// Forget removes everything about a person from the Queue, and from what the Worker holds
// and has not given to the Client. What the Client has leaves.
func (w *Worker) Forget(ctx context.Context, p Person) error {
	w.mu.Lock()
	for _, h := range w.held {
		h.forgotten = h.forgotten || !h.sent && h.envelope.IsAbout(p)
	}
	w.mu.Unlock()
	return w.o.Queue.Forget(ctx, p)
}

// drain waits until nothing is held, for the time of Grace.
func (w *Worker) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), w.o.Grace)
	defer cancel()
	_ = w.o.Client.Flush(ctx) // what does not leave now is waited for below
	for range cap(w.free) {   // all places are free when nothing is held
		select {
		case w.free <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}
