package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// run runs the program until ctx is done or the process is told to stop, and
// returns its exit status.
func run(ctx context.Context, args []string, writeKey string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills

	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:8080", "the `address` to listen on")
	hosts := flags.String("host", "", "`names` of the shop besides this machine's own, with commas between them")
	eu := flags.Bool("eu", false, "the workspace of WRITE_KEY is a European one")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 1 // flags has said why
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *eu && writeKey == "":
		err = errors.New("-eu chooses where WRITE_KEY is sent, and WRITE_KEY is not set")
	default:
		to := target{writeKey: writeKey, eu: *eu}
		err = serve(ctx, *addr, hostsOf(*addr, *hosts), to, stdout, log.New(stderr, "shop: ", 0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "shop:", err)
		return 1
	}
	return 0
}

// A target is where the events go.
type target struct {
	writeKey string // "": to a fake Segment
	eu       bool
}

// serve opens the shop and closes it in the order that loses nothing: first no more
// requests, then no more events, then no more Segment.
func serve(ctx context.Context, addr string, hosts []string, to target, stdout io.Writer, l *log.Logger) (err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	s, where, err := to.shop(l)
	if err != nil {
		return err
	}
	if s.segment != nil {
		defer s.segment.Stop()
	}
	server := &http.Server{
		Handler:           onlyHosts(hosts, s.handler()),
		ErrorLog:          l,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second, // a page waits for the events under way
		IdleTimeout:       time.Minute,
	}
	fmt.Fprintf(stdout, "The shop is open at http://%s\nIts events go to %s.\nCtrl-C closes it.\n", listener.Addr(), where)

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		err = withDeadline(server.Shutdown)
	}
	err = errors.Join(err, withDeadline(func(ctx context.Context) error {
		_, err := s.client.Shutdown(ctx)
		return err
	}))
	stats := s.client.Stats()
	fmt.Fprintf(stdout, "The shop is closed: %d events sent, %d lost, %d suppressed.\n",
		stats.Delivered, stats.Failed+stats.Refused, stats.Suppressed)
	return err
}

func withDeadline(stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return stop(ctx)
}

// shop returns a shop that sends there, and says where that is.
func (to target) shop(l *log.Logger) (s *shop, where string, err error) {
	config := policyConfig()
	if to.writeKey != "" {
		c := to.config()
		s, err := newShop(config, to.writeKey, c, nil, l)
		return s, "Segment, " + cmp.Or(c.Endpoint, analytics.DefaultEndpoint), err
	}
	fake, err := segmenttest.Start(workspaceFor(config))
	if err != nil {
		return nil, "", err
	}
	s, err = newShop(config, fake.WriteKey(), fake.Config(), fake, l)
	return s, "a fake Segment on this machine, " + fake.URL(), err
}

// config is for a real workspace: the defaults of analytics-go, which sends every five
// seconds, and the endpoint of the workspace's region.
func (to target) config() analytics.Config {
	if to.eu {
		return analytics.Config{Endpoint: consent.EndpointEU}
	}
	return analytics.Config{}
}
