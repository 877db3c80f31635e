package conformance

import (
	"fmt"
	"time"

	"github.com/go-consent/segment/consent/queue"
)

// tolerance is how far the time of Backlog may be off: some engines keep milliseconds, and
// clocks differ.
const tolerance = 2 * time.Second

func backlogCounts(p queueProbe) string {
	g, ok := p.queue.(queue.Gauge)
	if !ok {
		return ""
	}
	since := time.Now().Add(-tolerance)
	// Counting may lag behind, so it has a while to become right.
	counts := func(when string, waiting, inFlight uint64) string {
		for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			b, err := g.Backlog(p.ctx)
			right := b.Waiting == waiting && b.InFlight == inFlight && b.Oldest.IsZero()
			if waiting+inFlight > 0 {
				right = b.Waiting == waiting && b.InFlight == inFlight && b.Oldest.After(since) && b.Oldest.Before(time.Now().Add(tolerance))
			}
			switch {
			case err != nil:
				return failure("Backlog", err)
			case right:
				return ""
			case time.Now().After(end):
				return fmt.Sprintf("%s: %d wait, %d are in flight, and the oldest is of %v", when, b.Waiting, b.InFlight, b.Oldest)
			}
		}
	}
	var held queue.Delivery
	receive := func() (how string) {
		held, how = p.one(patience)
		return how
	}
	for _, step := range []func() string{
		func() string { return counts("of an empty queue", 0, 0) },
		func() string {
			return p.put(capturedTrack("1", "u1", ""), capturedTrack("2", "u2", ""), capturedTrack("3", "u3", ""))
		},
		func() string { return counts("of three messages that were put", 3, 0) },
		receive,
		func() string { return failure("Extend", held.Extend(p.ctx)) }, // not to be late
		func() string { return counts("with one of three received", 2, 1) },
		func() string { return failure("Ack", held.Ack(p.ctx)) },
		func() string { return counts("with one of three acknowledged", 2, 0) },
		func() string { return failure("Forget", p.queue.Forget(p.ctx, queue.Person{UserID: "u1"})) },
		func() string { return failure("Forget", p.queue.Forget(p.ctx, queue.Person{UserID: "u2"})) },
		func() string { return failure("Forget", p.queue.Forget(p.ctx, queue.Person{UserID: "u3"})) },
		func() string { return counts("with all forgotten", 0, 0) },
	} {
		if how := step(); how != "" {
			return how
		}
	}
	return ""
}
