package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/look"
	"github.com/go-consent/segment/destinations"
)

// A Queue is what the events of a shop wait in, so that they outlive the process: see
// examples/durable. A shop without one keeps them in memory.
type Queue struct {
	Engine     queue.Queue
	DeadLetter func(context.Context, queue.Dead) error

	// After is when delivery begins, to see events wait.
	After time.Duration

	// NewID returns an anonymous id for a visitor at that device, and DeviceOf the device of
	// an anonymous id, or "": the answer of an event that waits is that of its device.
	NewID    func(device string) string
	DeviceOf func(anonymousID string) string
}

// openClients makes the client that the handlers track with. With a queue there is another
// one, which delivers.
func (s *shop) openClients(writeKey string, c analytics.Config, policy *destinations.Policy) (err error) {
	o := &consent.Options{OnDecision: s.journal.decided, OnOutcome: s.journal.settled}
	if s.queue == nil {
		s.client, err = consent.NewSegment(writeKey, c, policy, o)
		s.sender = s.client
		return err
	}
	s.client = consent.NewQueued(s.queue.Engine, policy, o)
	s.sender, err = consent.NewSegment(writeKey, c, policy, &consent.Options{OnOutcome: s.journal.settled})
	return err
}

// openWorker makes the worker that delivers what is in the queue. It asks the ledger what counts for
// an account or a device when an event leaves.
func (s *shop) openWorker() (err error) {
	if s.queue == nil {
		return nil
	}
	s.worker, err = queue.NewWorker(queue.Options{
		Queue: s.queue.Engine, Client: s.sender, Answers: s, DeadLetter: s.queue.DeadLetter,
		OnError: func(err error) { s.log.Printf("queue: %v", err) },
	})
	return err
}

// Current implements queue.Answers: an event without an account is of a device, which its
// anonymous id tells. A device that is not known has no answer, and so its events leave for
// what is strictly necessary alone.
func (s *shop) Current(ctx context.Context, userID, anonymousID string) (consent.State, time.Time, error) {
	device := s.queue.DeviceOf(anonymousID)
	if userID == "" && device == "" {
		return consent.NewState(nil), time.Time{}, nil
	}
	return s.accounts.Current(ctx, userID, device)
}

// deliver delivers what is in the queue until ctx is done.
func (s *shop) deliver(ctx context.Context) {
	if s.worker == nil {
		return
	}
	select {
	case <-time.After(s.queue.After):
		_ = s.worker.Run(ctx)
	case <-ctx.Done():
	}
}

// flush sends what is queued, and waits until its outcome is known.
func (s *shop) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for s.worker != nil {
		backlog, err := s.worker.Backlog(ctx)
		if err != nil || backlog.Depth() == 0 {
			return err
		}
		if err := s.sender.Flush(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.sender.Flush(ctx)
}

// forgetQueued removes the events of an account that wait.
func (s *shop) forgetQueued(ctx context.Context, user string) error {
	if s.worker == nil {
		return nil
	}
	return s.worker.Forget(ctx, queue.Person{UserID: user})
}

// queuePage shows what is in the queue. It shows nothing of anybody, and the shop is for this machine.
func (s *shop) queuePage() http.Handler {
	return look.Handler{Worker: s.worker, Authorize: func(*http.Request) bool { return s.worker != nil }}
}

// closed says in a line what became of the events.
func (s *shop) closed() string {
	sent := s.sender.Stats()
	if s.worker == nil {
		return fmt.Sprintf("The shop is closed: %d events sent, %d lost, %d suppressed.", sent.Delivered, sent.Failed+sent.Refused, sent.Suppressed)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	left := "it is not known how many"
	if backlog, err := s.worker.Backlog(ctx); err == nil {
		left = fmt.Sprint(backlog.Depth())
	}
	captured := s.client.Stats() // what failed is in the queue, or given up
	return fmt.Sprintf("The shop is closed: %d events sent, %d lost, %d suppressed, %d given up, %s left in the queue.",
		sent.Delivered, captured.Refused, captured.Suppressed+sent.Suppressed, s.worker.Stats().Dead, left)
}

// closeClients sends the events that wait in memory.
func (s *shop) closeClients(ctx context.Context) error {
	_, err := s.client.Shutdown(ctx)
	if s.worker != nil {
		_, lost := s.sender.Shutdown(ctx)
		err = errors.Join(err, lost)
	}
	return err
}
