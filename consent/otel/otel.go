// Package otel gives the counts of consent to OpenTelemetry.
//
//	meter := telemetry.New(policy)
//	registration, err := otel.Register(otelapi.Meter("shop"), client.Stats, meter)
//
// OpenTelemetry asks for the counts when it collects; tracking an event costs nothing more.
// The instruments, all of them with {message} as their unit but consent.errors:
//
//	consent.messages             messages by outcome: delivered, failed, suppressed, ...
//	consent.messages.pending     messages without an outcome
//	consent.messages.unbound     messages for which nobody looked: the middleware is missing
//	consent.messages.exempt      messages about no person
//	consent.messages.unenforced  messages that were sent unchanged
//	consent.decisions            decisions by destination, allowed and reason
//	consent.errors               answers that could not be read
//
// [RegisterQueue] gives those of a queue. No attribute is personal, and their number is bounded: see package telemetry.
package otel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/telemetry"
)

// Register makes the instruments on a meter of OpenTelemetry, which reads the counts from
// then on, and until the registration ends. stats is the Stats of a client; decisions may be
// nil, and then the last two instruments are not made.
func Register(m metric.Meter, stats func() consent.Stats, decisions *telemetry.Meter) (metric.Registration, error) {
	o := observer{stats: stats, decisions: decisions}
	instruments, err := o.make(m)
	if err != nil {
		return nil, err
	}
	return m.RegisterCallback(o.observe, instruments...)
}

type observer struct {
	stats     func() consent.Stats
	decisions *telemetry.Meter

	messages, unbound, exempt, unenforced, decided, errors metric.Int64ObservableCounter
	pending                                                metric.Int64ObservableGauge
}

func (o *observer) make(m metric.Meter) ([]metric.Observable, error) {
	i := instruments{meter: m}
	const message = "{message}"
	o.messages = i.counter("consent.messages", message, "Messages by outcome.")
	o.unbound = i.counter("consent.messages.unbound", message, "Messages of clients that were bound to nobody's answer.")
	o.exempt = i.counter("consent.messages.exempt", message, "Messages about no person.")
	o.unenforced = i.counter("consent.messages.unenforced", message, "Messages that were sent unchanged.")
	if o.decisions != nil {
		o.decided = i.counter("consent.decisions", message, "Decisions by destination and reason.")
		o.errors = i.counter("consent.errors", "{error}", "Answers that could not be read.")
	}
	o.pending = i.gauge("consent.messages.pending", message, "Messages without an outcome.")
	return i.made, i.err
}

func (o *observer) observe(_ context.Context, to metric.Observer) error {
	s := o.stats()
	for result, n := range s.Results() {
		to.ObserveInt64(o.messages, int64(n), metric.WithAttributes(attribute.String("outcome", string(result))))
	}
	to.ObserveInt64(o.pending, int64(s.Pending()))
	to.ObserveInt64(o.unbound, int64(s.Unbound))
	to.ObserveInt64(o.exempt, int64(s.Exempt))
	to.ObserveInt64(o.unenforced, int64(s.Unenforced))
	if o.decisions == nil {
		return nil
	}
	to.ObserveInt64(o.errors, int64(o.decisions.Errors()))
	for _, c := range o.decisions.Counts() {
		to.ObserveInt64(o.decided, int64(c.Messages), metric.WithAttributes(
			attribute.String("destination", c.Destination),
			attribute.Bool("allowed", c.Allowed),
			attribute.String("reason", string(c.Reason)),
		))
	}
	return nil
}
