// Prometheus is a small site whose consent Prometheus watches: what became of each message,
// what was decided about each destination and why, and what waits in the queue. A fake Segment
// takes its events.
//
//	go run . [-addr 127.0.0.1:8080]
//
// The counts are at /metrics. dashboard.json is a dashboard for Grafana, and alerts.yml has
// the alerts worth having.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/telemetry"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"marketingAndAnalytics": {"Amplitude", "Mixpanel (Actions)"},
	"advertising":           {"Facebook Pixel"},
}})

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "the `address` to listen on")
	flag.Parse()
	if err := run(*addr); err != nil {
		log.Fatal(err)
	}
}

func run(addr string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	segment, err := segmenttest.Start(segmenttest.Workspace{Destinations: []string{"Amplitude", "Mixpanel (Actions)", "Facebook Pixel"}})
	if err != nil {
		return err
	}
	defer segment.Stop()
	handler, client, worker, err := site(segment.WriteKey(), segment.Config())
	if err != nil {
		return err
	}
	var working sync.WaitGroup
	working.Go(func() { _ = worker.Run(ctx) })
	server := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.Background()) })
	log.Printf("the site is at http://%s, its counts at /metrics", addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	working.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = client.Shutdown(ctx)
	return err
}

// site returns the handler of the site and of its counts, and who delivers what it queues.
func site(writeKey string, c analytics.Config) (http.Handler, *consent.Client, *queue.Worker, error) {
	meter := telemetry.New(policy)
	client, err := consent.NewSegment(writeKey, c, policy, &consent.Options{OnDecision: meter.Decided})
	if err != nil {
		return nil, nil, nil, err
	}
	events := queue.NewMemory(0, 0) // instead of an engine on disk: see examples/durable
	later := consent.NewQueued(events, policy, nil)
	worker, err := queue.NewWorker(queue.Options{
		Queue: events, Client: client, Answers: noRecord{}, TrustCapture: true,
		DeadLetter: func(_ context.Context, d queue.Dead) error {
			log.Printf("an event was given up: %v", d.Err) // keep it somewhere
			return nil
		},
	})
	if err != nil {
		return nil, nil, nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{client.Stats, meter}, queueCollector{worker})

	read := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}, OnError: meter.Unread})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.Handle("GET /", read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := client.For(r.Context()).Enqueue(analytics.Page{UserId: "u-1", Name: "Home"})
		if err != nil {
			log.Print(err)
		}
	})))
	mux.Handle("GET /later", read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := later.For(r.Context()).Enqueue(analytics.Page{UserId: "u-1", Name: "Later"})
		if err != nil {
			log.Print(err)
		}
	})))
	mux.HandleFunc("GET /forgotten", func(http.ResponseWriter, *http.Request) { // behind no middleware
		_ = client.For(context.Background()).Enqueue(analytics.Page{UserId: "u-1", Name: "Forgotten"})
	})
	return mux, client, worker, nil
}

// noRecord knows of no answer. A site whose visitors can withdraw asks its ledger.
type noRecord struct{}

func (noRecord) Current(context.Context, string, string) (consent.State, time.Time, error) {
	return consent.NewState(nil), time.Time{}, nil
}
