package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// names are those of the routers, in the order of the table.
var names = []string{"segment", "rudderstack", "snowplow", "snowplow-ads", "mparticle"}

// outcomes are what the clients of the routers told, by message and router. Each client has
// an OnOutcome of its own, and so knows which router it is.
type outcomes struct {
	mu       sync.Mutex
	messages []string
	results  map[[2]string]consent.Result
}

// of returns the options of a router's client.
func (o *outcomes) of(router string) *consent.Options {
	return &consent.Options{OnOutcome: func(m analytics.Message, told consent.Outcome) {
		o.mu.Lock()
		defer o.mu.Unlock()
		message := nameOf(m)
		if !slices.Contains(o.messages, message) {
			o.messages = append(o.messages, message)
		}
		if o.results == nil {
			o.results = make(map[[2]string]consent.Result)
		}
		o.results[[2]string{message, router}] = told.Result
	}}
}

func nameOf(m analytics.Message) string {
	switch m := m.(type) {
	case analytics.Track:
		return m.Event
	case analytics.Identify:
		return "identify"
	default:
		return fmt.Sprintf("%T", m)
	}
}

// write writes a line for each message, in the order of their names.
func (o *outcomes) write(w io.Writer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "message\t"+strings.Join(names, "\t"))
	for _, message := range slices.Sorted(slices.Values(o.messages)) {
		line := []string{message}
		for _, router := range names {
			line = append(line, cmp.Or(string(o.results[[2]string{message, router}]), "not made"))
		}
		fmt.Fprintln(table, strings.Join(line, "\t"))
	}
	return table.Flush()
}
