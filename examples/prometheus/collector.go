package main

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/telemetry"
)

// A collector gives the counts of a client and of its decisions to Prometheus. It is the
// part to copy.
type collector struct {
	stats func() consent.Stats
	meter *telemetry.Meter
}

var (
	messages   = describe("messages_total", "Messages by outcome.", "outcome")
	pending    = describe("messages_pending", "Messages without an outcome.")
	unbound    = describe("messages_unbound_total", "Messages for which nobody looked: most likely the middleware is missing.")
	unenforced = describe("messages_unenforced_total", "Messages that were sent unchanged.")
	decisions  = describe("decisions_total", "Decisions by destination and reason.", "destination", "allowed", "reason")
	unread     = describe("errors_total", "Answers that could not be read.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("consent_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{messages, pending, unbound, unenforced, decisions, unread} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	s := c.stats()
	for result, n := range s.Results() {
		count(messages, n, string(result))
	}
	count(unbound, s.Unbound)
	count(unenforced, s.Unenforced)
	count(unread, c.meter.Errors())
	for _, n := range c.meter.Counts() {
		count(decisions, n.Messages, n.Destination, strconv.FormatBool(n.Allowed), string(n.Reason))
	}
	to <- prometheus.MustNewConstMetric(pending, prometheus.GaugeValue, float64(s.Pending()))
}
