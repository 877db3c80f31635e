// Fakesegment is a Segment on this machine that prints what arrives, and where it went.
//
//	go run ./fakesegment
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run runs a fake Segment until ctx is done.
func run(ctx context.Context, out io.Writer) error {
	segment, err := segmenttest.Start(segmenttest.Workspace{Destinations: []string{
		"Amplitude", "HubSpot", "Mixpanel (Actions)", "Facebook Conversions API (Actions)", "Google Ads Conversions", "Intercom", "Webhooks",
	}})
	if err != nil {
		return err
	}
	defer segment.Stop()
	fmt.Fprintf(out, "export WRITE_KEY=%s\n./durable -segment %s\n", segment.WriteKey(), segment.URL())
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for printed := 0; ; {
		arrivals := segment.Arrivals()
		for _, a := range arrivals[printed:] {
			fmt.Fprintln(out, describe(a))
		}
		printed = len(arrivals)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// describe says in a line what arrived.
func describe(a segmenttest.Arrival) string {
	var m struct{ Event, Name string }
	_ = json.Unmarshal(a.JSON, &m) // it is JSON: Segment took it
	var to []string
	for _, d := range a.Deliveries {
		if d.Delivered {
			to = append(to, d.Destination)
		}
	}
	if len(to) == 0 {
		to = []string{"no destination"}
	}
	return fmt.Sprintf("%s %s %s, to %s", a.MessageID, a.Type, m.Event+m.Name, strings.Join(to, ", "))
}
