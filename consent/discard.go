package consent

import "github.com/segmentio/analytics-go/v3"

// Discard is a client that accepts every message and sends nothing, for a program in which
// Segment is switched off. A Client that wraps it decides like any other, and its messages
// have the outcome [Discarded].
var Discard analytics.Client = discard{}

type discard struct{}

func (discard) Enqueue(analytics.Message) error { return nil }
func (discard) Close() error                    { return nil }
