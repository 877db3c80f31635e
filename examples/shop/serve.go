package main

import (
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
		err = serve(ctx, *addr, writeKey, *eu, stdout, log.New(stderr, "shop: ", 0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "shop:", err)
		return 1
	}
	return 0
}

// serve opens the shop and closes it in the order that loses nothing: first no more
// requests, then no more events, then no more collector.
func serve(ctx context.Context, addr, writeKey string, eu bool, stdout io.Writer, l *log.Logger) (err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()

	config := policyConfig()
	segment, where := segmentConfig(eu)
	var c *collector
	if writeKey == "" {
		if c, err = startCollector(workspaceFor(config)); err != nil {
			return err
		}
		defer c.close()
		writeKey, segment, where = c.writeKey, c.config(), "a collector on this machine, "+c.url
	}
	s, err := newShop(config, writeKey, segment, c, l)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           s.handler(),
		ErrorLog:          l,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	fmt.Fprintf(stdout, "The shop is open at http://%s\nIts events go to %s.\nCtrl-C closes it.\n", listener.Addr(), where)

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		err = shutdown(server)
	}
	err = errors.Join(err, s.client.Close())
	sent, lost := s.ledger.totals()
	fmt.Fprintf(stdout, "The shop is closed: %d events sent, %d lost.\n", sent, lost)
	return err
}

func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

// segmentConfig is for a real workspace: the defaults of analytics-go, which sends
// every five seconds, and the endpoint of the workspace's region.
func segmentConfig(eu bool) (c analytics.Config, where string) {
	if eu {
		return analytics.Config{Endpoint: consent.EndpointEU}, "Segment, " + consent.EndpointEU
	}
	return analytics.Config{}, "Segment, " + analytics.DefaultEndpoint
}
