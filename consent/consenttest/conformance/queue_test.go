package conformance_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/queue"
)

const lease = time.Second

// Memory is the reference: it keeps every rule.
func TestMemoryConforms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conformance.TestQueue(t, lease, func() *queue.Memory { return queue.NewMemory(100, lease) })
	})
}

// A faultyQueue differs from its Memory in one thing.
type faultyQueue struct {
	*queue.Memory
	put     func(context.Context, consent.Captured) error
	receive func(context.Context, int) ([]queue.Delivery, error)
	forget  func(context.Context, queue.Person) error
	backlog func(queue.Backlog) queue.Backlog
	wrap    func(queue.Delivery) queue.Delivery
}

func (f faultyQueue) Put(ctx context.Context, c consent.Captured) error {
	if f.put != nil {
		return f.put(ctx, c)
	}
	return f.Memory.Put(ctx, c)
}

func (f faultyQueue) Receive(ctx context.Context, max int) ([]queue.Delivery, error) {
	if f.receive != nil {
		return f.receive(ctx, max)
	}
	all, err := f.Memory.Receive(ctx, max)
	if f.wrap != nil {
		for i := range all {
			all[i] = f.wrap(all[i])
		}
	}
	return all, err
}

func (f faultyQueue) Forget(ctx context.Context, p queue.Person) error {
	if f.forget != nil {
		return f.forget(ctx, p)
	}
	return f.Memory.Forget(ctx, p)
}

func (f faultyQueue) Backlog(ctx context.Context) (queue.Backlog, error) {
	b, err := f.Memory.Backlog(ctx)
	if f.backlog != nil {
		b = f.backlog(b)
	}
	return b, err
}

type (
	deaf       struct{ queue.Delivery } // acknowledges nothing
	impatient  struct{ queue.Delivery } // retries at once
	forgetful  struct{ queue.Delivery } // counts no attempts
	unextended struct{ queue.Delivery }
	dropping   struct{ queue.Delivery } // drops what is to be tried again
)

func (deaf) Ack(context.Context) error                                  { return nil }
func (d impatient) Retry(ctx context.Context, _ time.Duration) error    { return d.Delivery.Retry(ctx, 0) }
func (forgetful) Attempt() int                                          { return 1 }
func (unextended) Extend(context.Context) error                         { return nil }
func (d dropping) Retry(ctx context.Context, after time.Duration) error { return d.Ack(ctx) }

func TestFaultyQueues(t *testing.T) {
	const (
		comesOut = "a message comes out as it was put"
		bounded  = "Receive returns at most max messages"
		refuses  = "Put refuses what no envelope can hold"
		acked    = "an acknowledged message comes no more, and Ack twice is no error"
		again    = "a message that was received comes again after the lease, and its attempts are counted"
		extended = "Extend begins the lease anew"
		retried  = "Retry makes a message come again, and not before its time"
		forget   = "Forget removes what is about a person, by each id, and nothing else"
		backlog  = "Backlog, if there is one, counts what is in the queue"
		received = "what was received when it is forgotten comes no more"
	)
	for name, c := range map[string]struct {
		fault func(*faultyQueue)
		want  []string
	}{
		"no fault": {func(*faultyQueue) {}, nil},
		"does not acknowledge": {func(f *faultyQueue) {
			f.wrap = func(d queue.Delivery) queue.Delivery { return deaf{d} }
		}, []string{acked, backlog}},
		"retries at once": {func(f *faultyQueue) {
			f.wrap = func(d queue.Delivery) queue.Delivery { return impatient{d} }
		}, []string{retried}},
		"drops a retry": {func(f *faultyQueue) {
			f.wrap = func(d queue.Delivery) queue.Delivery { return dropping{d} }
		}, []string{retried}},
		"counts no attempts": {func(f *faultyQueue) {
			f.wrap = func(d queue.Delivery) queue.Delivery { return forgetful{d} }
		}, []string{again, retried}},
		"does not extend": {func(f *faultyQueue) {
			f.wrap = func(d queue.Delivery) queue.Delivery { return unextended{d} }
		}, []string{extended}},
		"forgets nobody": {func(f *faultyQueue) {
			f.forget = func(context.Context, queue.Person) error { return nil }
		}, []string{forget, received, backlog}},
		"counts everything as waiting": {func(f *faultyQueue) {
			f.backlog = func(b queue.Backlog) queue.Backlog {
				return queue.Backlog{Waiting: b.Depth(), Oldest: b.Oldest}
			}
		}, []string{backlog}},
		"does not know the oldest": {func(f *faultyQueue) {
			f.backlog = func(b queue.Backlog) queue.Backlog { b.Oldest = time.Time{}; return b }
		}, []string{backlog}},
		"forgets by the user id alone": {func(f *faultyQueue) {
			f.forget = func(ctx context.Context, p queue.Person) error {
				return f.Memory.Forget(ctx, queue.Person{UserID: p.UserID})
			}
		}, []string{forget}},
		"keeps one State": {func(f *faultyQueue) {
			f.put = func(ctx context.Context, c consent.Captured) error {
				if len(c.States) > 1 {
					c.States = c.States[:1]
				}
				return f.Memory.Put(ctx, c)
			}
		}, []string{comesOut}},
		"stores anything": {func(f *faultyQueue) {
			f.put = func(ctx context.Context, c consent.Captured) error {
				_ = f.Memory.Put(ctx, c)
				return nil
			}
		}, []string{refuses}},
		"gives more than asked": {func(f *faultyQueue) {
			f.receive = func(ctx context.Context, max int) ([]queue.Delivery, error) { return f.Memory.Receive(ctx, max+5) }
		}, []string{bounded, backlog}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requireBroken(t, "queue", c.want, func(tb testing.TB) {
					conformance.TestQueue(tb, lease, func() *faultyQueue {
						f := &faultyQueue{Memory: queue.NewMemory(1000, lease)}
						c.fault(f)
						return f
					})
				})
			})
		})
	}
}
