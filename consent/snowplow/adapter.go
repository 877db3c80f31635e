package snowplow

import (
	"cmp"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

const (
	defaultTimeout  = 10 * time.Second
	defaultPending  = 10_000
	defaultBytes    = 64 << 20
	defaultSenders  = 4
	defaultAttempts = 10
)

// An adapter is an analytics.Client that sends with Snowplow's tracker.
type adapter struct {
	converter converter
	queue     *queue
	tell      func(analytics.Message, error)

	collector  string
	transport  http.RoundTripper
	timeout    time.Duration
	retryAfter func(attempt int) time.Duration

	ending  *ending
	failed  atomic.Int64
	senders sync.WaitGroup
}

func newAdapter(c Config, g *GDPR) *adapter {
	schemas := make(map[string]string, len(c.Schemas))
	for event, schema := range c.Schemas {
		schemas[event] = schema
	}
	a := &adapter{
		converter: converter{appID: c.AppID, namespace: c.Namespace, schemas: schemas, gdpr: g, busy: make(chan bool)},
		queue:     newQueue(cmp.Or(c.MaxPending, defaultPending), cmp.Or(c.MaxPendingBytes, defaultBytes)),
		collector: c.Collector, transport: c.Transport, timeout: cmp.Or(c.Timeout, defaultTimeout), retryAfter: c.RetryAfter,
		ending: newEnding(),
	}
	if a.transport == nil {
		a.transport = http.DefaultTransport
	}
	if a.retryAfter == nil {
		a.retryAfter = func(attempt int) time.Duration { return min(100*time.Millisecond<<attempt, 10*time.Second) }
	}
	return a
}

// Tells is what consent.New looks for.
func (a *adapter) Tells(tell func(analytics.Message, error)) {
	a.tell = tell
	a.senders.Add(defaultSenders)
	for range defaultSenders {
		go a.send()
	}
}

// Enqueue makes the payload of the message, so that nothing of it is read later, and queues
// that.
func (a *adapter) Enqueue(m analytics.Message) error {
	payload, size, err := a.converter.payload(m)
	if err != nil {
		return err
	}
	return a.queue.put(queued{message: m, payload: payload, size: size})
}

// send delivers batches until the adapter is closed and the queue is empty.
func (a *adapter) send() {
	ended := false
	defer func() {
		if ended {
			a.senders.Done()
		} else {
			go a.send() // a function of the application ended the goroutine
		}
	}()
	s := newSender(a)
	for {
		batch := a.queue.take()
		if batch == nil {
			ended = true
			return
		}
		a.deliver(s, batch)
	}
}

func (a *adapter) deliver(s *sender, batch []queued) {
	err := error(errExited)
	defer func() { a.told(batch, err) }()
	err = s.send(batch)
}

// told tells the outcome of each message, also if a function of the application that hears
// of one ends the goroutine.
func (a *adapter) told(batch []queued, err error) {
	next := 0
	defer func() {
		if next < len(batch) {
			a.told(batch[next:], err)
		}
	}()
	for next < len(batch) {
		next++
		a.tellOne(batch[next-1], err)
	}
}

func (a *adapter) tellOne(q queued, err error) {
	defer a.queue.told(q)
	a.queue.done(q)
	if err != nil {
		a.failed.Add(1)
	}
	a.tell(q.message, err)
}

var _ analytics.Client = (*adapter)(nil)
var _ consent.Router = Router{}
