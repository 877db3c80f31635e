package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// Serve opens a shop until ctx is done or the process is told to stop. It closes in the
// order that loses nothing: first no more requests, then no more answers and events, then
// no more Segment. What has not left by then stays in the queue, if there is one.
func Serve(ctx context.Context, c Config) (err error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills

	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	l := log.New(c.Errors, "shop: ", 0)
	s, where, err := c.shop(l)
	if err != nil {
		return err
	}
	if s.segment != nil {
		defer s.segment.Stop()
	}
	server := &http.Server{
		Handler:           onlyHosts(hostsOf(c.Addr, c.Hosts), s.handler()),
		ErrorLog:          l,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second, // a page waits for the events under way
		IdleTimeout:       time.Minute,
	}
	deliver, delivered := context.WithCancel(context.Background())
	var worker sync.WaitGroup
	worker.Go(func() { s.deliver(deliver) })
	fmt.Fprintf(c.Out, "The shop is open at http://%s\nIts events go to %s.\nCtrl-C closes it.\n", listener.Addr(), where)

	go s.expireDaily(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		err = withDeadline(server.Shutdown)
	}
	delivered()
	worker.Wait()
	err = errors.Join(err, withDeadline(s.close))
	fmt.Fprintln(c.Out, s.closed())
	return err
}

func withDeadline(stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return stop(ctx)
}

// shop returns a shop that sends there, and says where that is.
func (c Config) shop(l *log.Logger) (s *shop, where string, err error) {
	config := policyConfig()
	if c.WriteKey != "" {
		to := c.segment()
		s, err := newShop(config, c.WriteKey, to, nil, c, l)
		return s, "Segment, " + cmp.Or(to.Endpoint, analytics.DefaultEndpoint), err
	}
	fake, err := segmenttest.Start(workspaceFor(config))
	if err != nil {
		return nil, "", err
	}
	s, err = newShop(config, fake.WriteKey(), fake.Config(), fake, c, l)
	if err != nil {
		fake.Stop()
	}
	return s, "a fake Segment on this machine, " + fake.URL(), err
}

// segment is for a real workspace: the defaults of analytics-go, which sends every five
// seconds, and the endpoint of the workspace's region.
func (c Config) segment() analytics.Config {
	if c.EU {
		return analytics.Config{Endpoint: consent.EndpointEU}
	}
	return analytics.Config{Endpoint: c.Segment}
}
