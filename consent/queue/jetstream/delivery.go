package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/go-consent/segment/consent/queue"
)

// A delivery is one receipt of a message.
type delivery struct {
	queue    *Queue
	message  *nats.Msg
	attempt  int
	sequence uint64
}

func newDelivery(q *Queue, m *nats.Msg) (*delivery, error) {
	about, err := m.Metadata()
	if err != nil {
		return nil, err
	}
	return &delivery{q, m, int(about.NumDelivered), about.Sequence.Stream}, nil
}

func (d *delivery) Envelope() (e queue.Envelope, err error) {
	err = e.UnmarshalJSON(d.message.Data)
	return e, err
}

func (d *delivery) Attempt() int { return d.attempt }

func (d *delivery) Ack(ctx context.Context) error { return d.say(ctx, []byte("+ACK")) }

func (d *delivery) Extend(ctx context.Context) error { return d.say(ctx, []byte("+WPI")) }

func (d *delivery) Retry(ctx context.Context, after time.Duration) error {
	if after <= 0 {
		return d.say(ctx, []byte("-NAK"))
	}
	text, err := json.Marshal(map[string]time.Duration{"delay": after})
	if err != nil {
		return err
	}
	return d.say(ctx, append([]byte("-NAK "), text...))
}

// say tells the broker what is to become of the message, and waits until it knows.
func (d *delivery) say(ctx context.Context, what []byte) error {
	ctx, cancel := context.WithTimeout(ctx, d.queue.o.Timeout)
	defer cancel()
	if _, err := d.queue.conn.RequestWithContext(ctx, d.message.Reply, what); err != nil {
		if d.queue.closing.Err() != nil {
			return ErrClosed
		}
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	return nil
}
