package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/go-consent/segment/consent/queue"
)

// A queueCollector gives the counts of a queue, and of a worker of it, to Prometheus. It is
// the part to copy for a site whose events are queued. What is in the queue is counted for all
// processes that share it, so take the maximum of them and not the sum.
type queueCollector struct{ worker *queue.Worker }

var (
	waiting      = describe("queue_waiting", "Messages in the queue that nobody holds.")
	inFlight     = describe("queue_in_flight", "Messages that were received and not settled.")
	age          = describe("queue_age_seconds", "How long the oldest message has been in the queue.")
	deliveries   = describe("queue_deliveries_total", "Messages received by outcome.", "outcome")
	redeliveries = describe("queue_redeliveries_total", "Messages received that had been received before.")
	dead         = describe("queue_dead_total", "Dead letters by reason.", "reason")
	limited      = describe("queue_limited_total", "Waits since Segment answered 429 Too Many Requests.")
)

// Describe implements prometheus.Collector.
func (queueCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waiting, inFlight, age, deliveries, redeliveries, dead, limited} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c queueCollector) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	s := c.worker.Stats()
	for outcome, n := range map[string]uint64{
		"sent": s.Sent, "suppressed": s.Suppressed, "retried": s.Retried, "dead": s.Dead, "again": s.Again, "forgotten": s.Forgotten,
	} {
		count(deliveries, n, outcome)
	}
	for reason, n := range map[string]uint64{
		"too old": s.TooOld, "too many attempts": s.TooOften, "unreadable": s.Unreadable,
		"refused": s.Dead - min(s.Dead, s.TooOld+s.TooOften+s.Unreadable),
	} {
		count(dead, n, reason)
	}
	count(redeliveries, s.Redelivered)
	count(limited, s.Limited)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	b, err := c.worker.Backlog(ctx)
	if err != nil {
		return // what is missing can be seen to be missing
	}
	for d, value := range map[*prometheus.Desc]float64{
		waiting: float64(b.Waiting), inFlight: float64(b.InFlight), age: b.Age(time.Now()).Seconds(),
	} {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
}
