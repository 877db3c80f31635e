package jetstream

import "context"

// bringBack makes the consumer of a server in this process anew if nothing waits, nothing is in
// flight, and there are messages all the same. A process that is killed may have kept that they
// were acknowledged, and not that they were removed. Open finds those that nothing hides: a
// consumer may also wait for messages that are gone, until their leases end.
func (q *Queue) bringBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, q.o.Timeout)
	defer cancel()
	consumer, err := q.stream.Consumer(ctx, consumerName)
	if err != nil {
		return err
	}
	state := consumer.CachedInfo()
	if state.NumPending > 0 || state.NumAckPending > 0 {
		return nil
	}
	stream, err := q.stream.Info(ctx)
	if err != nil || stream.State.Msgs == 0 || stream.State.FirstSeq > state.AckFloor.Stream {
		return err
	}
	return q.makeConsumerAnew(ctx, q.stream)
}
