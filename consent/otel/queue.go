package otel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/go-consent/segment/consent/queue"
)

// RegisterQueue makes the instruments of a queue and of a Worker of it on a meter of
// OpenTelemetry, which reads the counts from then on, and until the registration ends. The
// first three are of the whole queue, whichever process counts it: take their maximum and not
// their sum. They are left out while the queue does not say what is in it, as one that is no
// queue.Gauge never does. The others are of this Worker.
//
//	consent.queue.waiting       {message}  messages that nobody holds
//	consent.queue.in_flight     {message}  messages that were received and not settled
//	consent.queue.age           s          how long the oldest has been in the queue
//	consent.queue.deliveries    {message}  messages received by outcome: sent, suppressed, retried, dead, again, forgotten
//	consent.queue.redeliveries  {message}  messages received that had been received before
//	consent.queue.dead          {message}  dead letters by reason: too old, too many attempts, unreadable, refused
//	consent.queue.held          {message}  messages that the Worker holds
//	consent.queue.failures      {failure}  what failed and is tried again, by operation: Receive, Ack, Answers, delivery, ...
//	consent.queue.limited       {wait}     waits since Segment answered 429
func RegisterQueue(m metric.Meter, w *queue.Worker) (metric.Registration, error) {
	o := queueObserver{worker: w}
	instruments, err := o.make(m)
	if err != nil {
		return nil, err
	}
	return m.RegisterCallback(o.observe, instruments...)
}

type queueObserver struct {
	worker *queue.Worker

	deliveries, redeliveries, dead, failures, limited metric.Int64ObservableCounter
	waiting, inFlight, held                           metric.Int64ObservableGauge
	age                                               metric.Float64ObservableGauge
}

func (o *queueObserver) make(m metric.Meter) ([]metric.Observable, error) {
	i := instruments{meter: m}
	const message = "{message}"
	o.waiting = i.gauge("consent.queue.waiting", message, "Messages in the queue that nobody holds.")
	o.inFlight = i.gauge("consent.queue.in_flight", message, "Messages that were received and not settled.")
	o.deliveries = i.counter("consent.queue.deliveries", message, "Messages received by outcome.")
	o.redeliveries = i.counter("consent.queue.redeliveries", message, "Messages received that had been received before.")
	o.dead = i.counter("consent.queue.dead", message, "Dead letters by reason.")
	o.held = i.gauge("consent.queue.held", message, "Messages that the worker holds.")
	o.failures = i.counter("consent.queue.failures", "{failure}", "What failed and is tried again, by operation.")
	o.limited = i.counter("consent.queue.limited", "{wait}", "Waits since Segment answered 429 Too Many Requests.")
	if i.err == nil {
		o.age, i.err = m.Float64ObservableGauge("consent.queue.age", metric.WithUnit("s"), metric.WithDescription("How long the oldest message has been in the queue."))
		i.made = append(i.made, o.age)
	}
	return i.made, i.err
}

func (o *queueObserver) observe(ctx context.Context, to metric.Observer) error {
	s := o.worker.Stats()
	by := func(c metric.Int64ObservableCounter, key, value string, n uint64) {
		to.ObserveInt64(c, int64(n), metric.WithAttributes(attribute.String(key, value)))
	}
	for outcome, n := range map[string]uint64{
		"sent": s.Sent, "suppressed": s.Suppressed, "retried": s.Retried, "dead": s.Dead, "again": s.Again, "forgotten": s.Forgotten,
	} {
		by(o.deliveries, "outcome", outcome, n)
	}
	for reason, n := range map[string]uint64{
		"too old": s.TooOld, "too many attempts": s.TooOften, "unreadable": s.Unreadable, "refused": s.Dead - min(s.Dead, s.TooOld+s.TooOften+s.Unreadable),
	} {
		by(o.dead, "reason", reason, n)
	}
	for _, f := range o.worker.Failures() {
		by(o.failures, "operation", f.What, f.Times)
	}
	to.ObserveInt64(o.redeliveries, int64(s.Redelivered))
	to.ObserveInt64(o.held, int64(s.Held))
	to.ObserveInt64(o.limited, int64(s.Limited))
	b, err := o.worker.Backlog(ctx)
	if err != nil {
		return nil // the others are told all the same
	}
	to.ObserveInt64(o.waiting, int64(b.Waiting))
	to.ObserveInt64(o.inFlight, int64(b.InFlight))
	to.ObserveFloat64(o.age, b.Age(time.Now()).Seconds())
	return nil
}
