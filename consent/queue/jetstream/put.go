package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	broker "github.com/nats-io/nats.go/jetstream"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

// Put implements [queue.Queue]. The error may wrap [queue.ErrEnvelope], [queue.ErrFull],
// [ErrDown], [ErrDuplicate] or [ErrClosed]. It takes no longer than Options.Timeout. A
// message whose Put returned an error may be delivered all the same, if the broker had stored it and its
// answer was lost.
func (q *Queue) Put(ctx context.Context, c consent.Captured) error {
	e, err := queue.Seal(c)
	if err != nil {
		return err
	}
	text, err := e.MarshalJSON()
	if err != nil {
		return err
	}
	m := nats.NewMsg(q.hashes.subject(q.o.Name, e))
	m.Data = text
	m.Header[nats.MsgIdHdr] = []string{q.ids.next()}
	switch {
	case q.local == nil:
		err = q.publish(ctx, m)
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		err = q.writer.put(m)
	}
	if err == nil {
		q.counters.put.Add(1)
	}
	return err
}

// publish stores a message in a cluster. It tries again while it may: a leader may have died.
func (q *Queue) publish(ctx context.Context, m *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	for attempt := 0; ; attempt++ {
		if err := q.usable(); err != nil {
			return err
		}
		again, err := q.publishOnce(ctx, m, attempt > 0)
		if !again {
			return err
		}
		if attempt > 0 {
			q.hop()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrDown, err)
		case <-q.closing.Done():
			return ErrClosed
		case <-time.After(pause):
		}
	}
}

const (
	pause    = 50 * time.Millisecond // between two attempts
	attempts = 4                     // that fit into Options.Timeout without an answer
)

// An answer is that of the broker to a message.
type answer struct {
	Sequence  uint64           `json:"seq"`
	Duplicate bool             `json:"duplicate"`
	Error     *broker.APIError `json:"error"`
}

// publishOnce reports whether it may be tried again, if there is an error.
func (q *Queue) publishOnce(ctx context.Context, m *nats.Msg, repeats bool) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout/attempts)
	defer cancel()
	a, err := q.ask(ctx, m)
	if err != nil {
		return true, err
	}
	return a.outcome(repeats)
}

// ask publishes a message and waits for the answer.
func (q *Queue) ask(ctx context.Context, m *nats.Msg) (a answer, err error) {
	reply, err := q.conn.RequestMsgWithContext(ctx, m)
	if err != nil {
		return answer{}, err
	}
	err = json.Unmarshal(reply.Data, &a)
	return a, err
}

// outcome returns what an answer means for Put, and whether the broker has failed. That it
// has the message already is no error if this one repeats it.
func (a answer) outcome(repeats bool) (failed bool, err error) {
	switch {
	case a.Error != nil && isFull(a.Error):
		return false, queue.ErrFull
	case a.Error != nil:
		return true, a.Error
	case a.Sequence == 0:
		return true, errors.New("no sequence")
	case a.Duplicate && !repeats:
		return false, ErrDuplicate
	default:
		return false, nil
	}
}

// The broker's numbers of what is full.
const (
	accountIsFull = 10002
	serverIsFull  = 10023
	storeFailed   = 10077
)

func isFull(err *broker.APIError) bool {
	switch err.ErrorCode {
	case accountIsFull, serverIsFull:
		return true
	case storeFailed:
		return strings.HasPrefix(err.Description, "maximum")
	default:
		return false
	}
}

// usable returns why nothing can be put now.
func (q *Queue) usable() error {
	if q.closing.Err() != nil {
		return ErrClosed
	}
	if why := q.down.Load(); why != nil {
		return *why
	}
	return nil
}
