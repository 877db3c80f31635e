package consent

import (
	"context"
	"fmt"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/internal/delivery"
)

// A taker accepts every message, and does nothing with it. What Enqueue does before that is the
// library's own part: it decides, stamps and copies. A real queue costs more than all of it.
type taker struct{}

func (taker) Send(*delivery.Message, int) (tracked bool, err error) { return true, nil }
func (taker) Flush(context.Context) error                           { return nil }
func (taker) Shutdown(context.Context) (lost int, err error)        { return 0, nil }
func (taker) Close() error                                          { return nil }
func (taker) IsClosed() bool                                        { return false }

// ready is a Policy whose Decision is already made, like that of a destinations.Policy for an
// answer that it has seen before.
type ready struct{ decision Decision }

func (r ready) Decide(State) Decision { return r.decision }

// visitorOf20 returns a client that sends to a taker, for a visitor who was asked about 20
// destinations by name.
func visitorOf20() *Client {
	answers := make(map[string]bool)
	var verdicts []Verdict
	for i := range 20 {
		name := fmt.Sprint("Destination ", i)
		answers[name] = i%5 != 4
		verdicts = append(verdicts, Verdict{Destination: name, Allowed: answers[name], Reason: ReasonDestinationGranted})
	}
	categories := map[string]bool{"advertising": false, "analytics": true, "functional": true}
	s := newShared(ready{NewDecision(categories, verdicts, false)}, nil)
	s.outlet, s.untold = taker{}, ""
	return (&Client{shared: s}).With(NewState(categories).WithDestinations(answers))
}

func ordered() analytics.Message {
	return analytics.Track{
		UserId: "u1", Event: "Order Completed",
		Properties: analytics.NewProperties().SetOrderId("o1").SetTotal(24.90).SetCurrency("EUR"),
	}
}

// The library's own part allocates once: the copy of the message.
func TestOwnPartAllocatesTheCopy(t *testing.T) {
	visitor, m := visitorOf20(), ordered()
	require.NoError(t, visitor.Enqueue(m))
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { _ = visitor.Enqueue(m) }), 1.0)
	require.Zero(t, visitor.Stats().Suppressed)
}

// What the library does with a message before its queue or client gets it.
func BenchmarkOwnPart(b *testing.B) {
	visitor, m := visitorOf20(), ordered()
	b.ReportAllocs()
	for b.Loop() {
		_ = visitor.Enqueue(m)
	}
}
