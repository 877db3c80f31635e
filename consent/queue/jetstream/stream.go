package jetstream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	broker "github.com/nats-io/nats.go/jetstream"
)

const (
	consumerName = "worker"
	keyMetadata  = "consent-key"
)

// prepare creates or updates the stream and its consumer. A stream whose description is damaged is
// found again so.
func (q *Queue) prepare(ctx context.Context) (broker.Stream, error) {
	js, err := broker.New(q.conn, broker.WithDefaultTimeout(q.o.Timeout))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDown, err)
	}
	for {
		stream, err := q.prepareOnce(ctx, js)
		if err == nil || errors.Is(err, ErrKey) || isRefusal(err) {
			return stream, err
		}
		select { // a cluster may be choosing its leader
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrDown, err)
		case <-q.closing.Done():
			return nil, ErrClosed
		}
	}
}

func (q *Queue) prepareOnce(ctx context.Context, js broker.JetStream) (broker.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	want := broker.StreamConfig{
		Name: q.o.Name, Subjects: []string{q.o.Name + ".*.*"}, Storage: broker.FileStorage, Replicas: q.o.Replicas,
		Retention: broker.WorkQueuePolicy, Discard: broker.DiscardNew, MaxBytes: q.o.MaxBytes, MaxMsgs: -1,
		Duplicates: window(q.o.Timeout), Metadata: map[string]string{keyMetadata: q.hashes.fingerprint()},
	}
	have, err := js.Stream(ctx, q.o.Name)
	switch {
	case errors.Is(err, broker.ErrStreamNotFound):
	case err != nil:
		return nil, err
	case have.CachedInfo().Config.Metadata[keyMetadata] != want.Metadata[keyMetadata]:
		return nil, ErrKey
	}
	stream, err := js.CreateOrUpdateStream(ctx, want)
	if err != nil {
		return nil, err
	}
	if q.local == nil {
		_, err = q.createConsumer(ctx, stream)
		return stream, err
	}
	return stream, q.repairConsumer(ctx, stream)
}

func (q *Queue) createConsumer(ctx context.Context, s broker.Stream) (broker.Consumer, error) {
	return s.CreateOrUpdateConsumer(ctx, broker.ConsumerConfig{
		Durable: consumerName, AckPolicy: broker.AckExplicitPolicy, AckWait: q.o.Lease,
		MaxDeliver: -1, MaxAckPending: -1, // the Worker judges, and what waits for a Retry is no limit
	})
}

// repairConsumer creates the consumer of a server in this process. Its state has no
// checksum: if it cannot be read, or leaves messages out, the consumer is made anew, and
// everything comes again.
func (q *Queue) repairConsumer(ctx context.Context, s broker.Stream) error {
	consumer, err := q.createConsumer(ctx, s)
	var api *broker.APIError
	if errors.As(err, &api) {
		if _, err := s.Consumer(ctx, consumerName); errors.Is(err, broker.ErrConsumerNotFound) {
			q.local.log.Warnf("the state of the consumer cannot be read: %v", api)
			if err := os.RemoveAll(filepath.Join(q.o.Dir, storeDir, "$G", "streams", q.o.Name, "obs", consumerName)); err != nil {
				return err
			}
			_, err = q.createConsumer(ctx, s)
			return err
		}
	}
	if err != nil {
		return err
	}
	stranded, err := strands(ctx, s, consumer)
	if err != nil || !stranded {
		return err
	}
	return q.makeConsumerAnew(ctx, s)
}

// makeConsumerAnew replaces a consumer that leaves messages out: everything comes again.
func (q *Queue) makeConsumerAnew(ctx context.Context, s broker.Stream) error {
	q.local.log.Warnf("the state of the consumer leaves messages out")
	if err := s.DeleteConsumer(ctx, consumerName); err != nil {
		return err
	}
	_, err := q.createConsumer(ctx, s)
	return err
}

// strands reports whether there are messages that would never come: the state of a consumer
// has no checksum. Nobody else may use the stream.
func strands(ctx context.Context, s broker.Stream, c broker.Consumer) (bool, error) {
	consumer, err := c.Info(ctx)
	if err != nil {
		return false, err
	}
	stream, err := s.Info(ctx)
	if err != nil {
		return false, err
	}
	return stream.State.Msgs > consumer.NumPending+uint64(consumer.NumAckPending), nil
}

// window is how long the broker knows ids: as long as a Put may repeat one, with a margin. It holds them all in
// memory.
func window(timeout time.Duration) time.Duration { return 2*timeout + time.Second }

// isRefusal reports whether the server does not want what it is asked for, which it will not want later either.
func isRefusal(err error) bool {
	var api *broker.APIError
	return errors.As(err, &api) && api.Code == 400
}
