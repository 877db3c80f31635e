// Regions is a site with visitors in Europe, in the United Kingdom and in the United States,
// and with two workspaces of Segment. What a visitor has to be asked depends on where they
// are, and so does the workspace that gets their events.
//
//	go run ./examples/regions [-addr 127.0.0.1:8080]
//
// It simulates a visitor from each place, while the American workspace fails, and prints
// what arrived where. With -addr it serves the site as well: open /?from=US-CA, and
// /debug/consent?from=US-CA for the page that explains why. Two fake Segments on the
// loopback interface take the events.
//
// Copy site.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

func main() {
	addr := flag.String("addr", "", "the `address` to serve the site at")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *addr, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run starts both workspaces, shows the visitors, and serves until ctx is done.
func run(ctx context.Context, addr string, out io.Writer) error {
	european, err := segmenttest.Start(workspace)
	if err != nil {
		return err
	}
	defer european.Stop()
	american, err := segmenttest.Start(workspace)
	if err != nil {
		return err
	}
	defer american.Stop()
	s, err := newSite(segmentOf(european), segmentOf(american), log.New(io.Discard, "", 0))
	if err != nil {
		return err
	}
	show(s, european, american, out)
	if addr != "" {
		err = serve(ctx, addr, cdn(s.handler()), out)
	}
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, ended := s.router.Shutdown(ending); ended != nil {
		return ended
	}
	return err
}

// The workspaces have the same destinations.
var workspace = segmenttest.Workspace{Destinations: []string{"Amplitude", "Facebook Pixel"}, Categories: categories, Keep: 1000}

func segmentOf(s *segmenttest.Segment) target { return target{s.WriteKey(), s.Config()} }

// show sends a visitor who has not answered from each place to the site.
func show(s *site, european, american *segmenttest.Segment, out io.Writer) {
	h := cdn(s.handler())
	american.Script(segmenttest.Fault{Status: http.StatusServiceUnavailable}, segmenttest.Fault{Reset: true})
	for _, place := range []string{"FR", "GB", "US-CA", "US-CA with Global Privacy Control", ""} {
		r := httptest.NewRequest(http.MethodGet, "/?from="+place[:min(len(place), 5)], nil)
		if len(place) > 5 {
			r.Header.Set("Sec-GPC", "1")
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		_ = s.router.Flush(context.Background()) // failed messages are retried
		fmt.Fprintf(out, "From %q:\n", place)
		for _, w := range []struct {
			name    string
			segment *segmenttest.Segment
		}{{"European", european}, {"American", american}} {
			for _, a := range w.segment.Arrivals() {
				var reached []string
				for _, d := range a.Deliveries {
					if d.Delivered {
						reached = append(reached, d.Destination)
					}
				}
				slices.Sort(reached)
				fmt.Fprintf(out, "  the %s workspace got it, for %q\n", w.name, reached)
			}
			if len(w.segment.Arrivals()) == 0 {
				fmt.Fprintf(out, "  the %s workspace got nothing\n", w.name)
			}
			w.segment.Reset()
		}
	}
}

// serve serves h until ctx is done.
func serve(ctx context.Context, addr string, h http.Handler, out io.Writer) error {
	server := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Fprintf(out, "The site is at http://%s/?from=GB; stop it with Ctrl+C.\n", addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
