// Package shop is what the programs of this module have in common: the policy, the event,
// and how a server ends.
package shop

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

// Config says which category of consent covers which destination.
var Config = destinations.Config{
	Categories: map[string][]string{
		"analytics":   {"Amplitude"},
		"advertising": {"Facebook Conversions API (Actions)"},
	},
	Always: []string{"Webhooks"}, // the stockroom
}

// Answers says where the answer of a visitor comes from.
var Answers = middleware.Options{
	Sources: []middleware.Source{cookie.Codec{}},
	Signals: []middleware.Signal{middleware.GPC("advertising")},
	OnError: func(_ *http.Request, err error) { log.Print("consent: ", err) },
}

// Order tracks an order.
func Order(client *consent.Client) error {
	return client.Enqueue(analytics.Track{UserId: "u-1", Event: "Order Completed"})
}

// Open returns a client that sends to Segment.
func Open() *consent.Client {
	client, err := consent.NewSegment(os.Getenv("SEGMENT_WRITE_KEY"), analytics.Config{}, destinations.MustCompile(Config), nil)
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// Close sends what is queued. Whatever tracks has to have ended.
func Close(client *consent.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if lost, err := client.Shutdown(ctx); err != nil || lost > 0 {
		log.Printf("%d messages lost: %v", lost, err)
	}
	if n := client.Stats().Unbound; n > 0 {
		log.Printf("%d messages of no visitor: is a middleware missing?", n)
	}
}

// Stopped returns a context that is done when the program is to stop.
func Stopped() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// Serve serves the handler until the program is to stop, and waits for the requests that
// are under way: only then may the client be closed.
func Serve(handler http.Handler) {
	stopped, cancel := Stopped()
	defer cancel()
	idle := make(chan struct{}) // ListenAndServe returns before Shutdown does
	server := &http.Server{Addr: "127.0.0.1:8080", Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-stopped.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			log.Print(err)
		}
		close(idle)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Print(err)
		return
	}
	<-idle
}
