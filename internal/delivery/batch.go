package delivery

import (
	"cmp"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// A batch is the messages of one request, with their own analytics-go client: that is
// closed once it has them, so that it sends them at once, in a single request. The batch
// is its transport, which makes the attempts, and its Callback.
type batch struct {
	sender *Sender
	items  []item
	told   int   // number of them
	err    error // of the last attempt

	mu      sync.Mutex
	results []result // in the order of the items
}

type result struct {
	message analytics.Message // as analytics-go sent it
	err     error
}

// client returns the client for the batch.
func (b *batch) client() (analytics.Client, error) {
	c := b.sender.config.Segment
	c.Transport, c.Callback, c.Logger = b, b, upstream{b.sender.log}
	if c.Interval >= 0 && c.BatchSize >= 0 { // else analytics-go reports the error
		c.Interval, c.BatchSize = never, max(len(b.items), 1)
	}
	c.RetryAfter = func(int) time.Duration { return never } // only Close ends that
	if c.DefaultContext != nil {
		copied := *c.DefaultContext // analytics-go writes to it
		c.DefaultContext = &copied
	}
	return analytics.NewWithConfig(b.sender.config.WriteKey, c)
}

// deliver sends the batch, and then reports the outcomes. Another batch may leave before
// that, since a callback may be slow.
func (b *batch) deliver() {
	err := b.send()
	for n := range b.items {
		b.sender.count(b.outcome(n, err).err)
	}
	b.sender.queue.sent()
	b.tell(err)
}

func (b *batch) send() error {
	if b.sender.abort.Err() != nil {
		return errAborted
	}
	c, err := b.client()
	if err != nil {
		return err
	}
	for _, i := range b.items {
		if err := c.Enqueue(i.message); err != nil {
			b.sender.log.Errorf("analytics-go refused a message: %v", err)
		}
	}
	return c.Close()
}

// outcome returns the outcome of a message, given the error of the batch before
// analytics-go had it.
func (b *batch) outcome(n int, before error) result {
	if n >= len(b.results) {
		return result{b.items[n].message, cmp.Or(b.err, before, errNoOutcome)}
	}
	r := b.results[n]
	if r.err != nil {
		r.err = cmp.Or(b.err, described(r.err))
	}
	return r
}

// tell reports the outcomes not yet reported. If a callback ends the goroutine, another
// one continues.
func (b *batch) tell(before error) {
	defer func() {
		if b.told < len(b.items) {
			go b.tell(before)
		}
	}()
	for b.told < len(b.items) {
		b.tellNext(before)
	}
}

func (b *batch) tellNext(before error) {
	n := b.told
	b.told++
	defer b.sender.queue.settled(b.items[n])
	r := b.outcome(n, before)
	if done := b.items[n].done; done != nil {
		defer done(r.err) // also if a callback ends the goroutine
	}
	b.sender.config.Tell(r.message, r.err)
}

// Success implements [analytics.Callback].
func (b *batch) Success(m analytics.Message) { b.result(m, nil) }

// Failure implements [analytics.Callback].
func (b *batch) Failure(m analytics.Message, err error) { b.result(m, err) }

func (b *batch) result(m analytics.Message, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results = append(b.results, result{m, err})
}

// sizeOf returns the size of the context of a batch.
func sizeOf(c *analytics.Context) int {
	text, err := json.Marshal(c)
	if err != nil {
		return maxBatch // NewSender was given one that is not frozen
	}
	return len(text)
}

var _ http.RoundTripper = (*batch)(nil)
