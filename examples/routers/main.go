// Routers sends the events of one visitor, who rejects advertising, to Segment, RudderStack,
// Snowplow and mParticle at once, and prints what became of each message at each router and
// what arrived at each destination behind it.
//
// The routers are fakes on the loopback interface that enforce what the real ones document.
// Nothing leaves the machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"text/tabwriter"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/routers"
	"github.com/go-consent/segment/destinations"
)

// policy is the one for all routers. Snowplow and mParticle keep what they get, and so are
// destinations themselves.
var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics":   {"Amplitude", "Snowplow", "mParticle"},
	"advertising": {"Facebook Pixel"},
}})

// visitor is what the middleware would read from the cookie.
var visitor = consent.NewState(map[string]bool{"analytics": true, "advertising": false})

func main() {
	f, err := start()
	if err != nil {
		log.Fatal(err)
	}
	defer f.stop()
	if err := f.run(os.Stdout); err != nil {
		log.Print(err)
	}
}

// run sends the visitor's messages, and writes what became of them.
func (f *fakes) run(w io.Writer) error {
	var told outcomes
	client, err := f.client(&told)
	if err != nil {
		return err
	}
	err = errors.Join(track(client), client.Close())
	return errors.Join(err, told.write(w), f.write(w))
}

// track is what the program does for the visitor: one call for all routers.
func track(client *routers.Client) error {
	ctx := consent.NewContext(context.Background(), visitor)
	return errors.Join(
		client.Tell(consent.Answer{State: visitor, UserID: "u-1", AnonymousID: "a-1"}),
		client.For(ctx).Enqueue(analytics.Track{UserId: "u-1", AnonymousId: "a-1", Event: "Order Completed"}),
	)
}

// write writes what arrived where.
func (f *fakes) write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nbehind\tdestination\tgot")
	for _, p := range f.places() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.router, p.destination, p.got)
	}
	return table.Flush()
}
