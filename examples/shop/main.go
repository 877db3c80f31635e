// Shop is a small web shop whose server-side Segment events obey the visitor's
// consent. Its page shows, for every event, which destinations received it and why
// the others did not. A visitor who signs in can answer once for all devices.
//
//	go run ./examples/shop [-addr 127.0.0.1:8080]
//
// A fake Segment on the loopback interface receives the events; everything else is real.
// With WRITE_KEY in the environment the shop sends to Segment instead, and with -eu to
// a European workspace. The ledger of what people answered is in memory: see
// examples/durable for one that survives a restart.
//
// The part to copy is in package site: shop.go, handlers.go and accounts.go have the
// policy, the client, the middleware, how a handler tracks, and how an account's answer
// counts on every device.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/examples/shop/site"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Getenv("WRITE_KEY"), os.Stdout, os.Stderr))
}

// run runs the program until ctx is done or the process is told to stop, and
// returns its exit status.
func run(ctx context.Context, args []string, writeKey string, stdout, stderr io.Writer) int {
	c := site.Config{WriteKey: writeKey, Store: new(ledger.Memory), Out: stdout, Errors: stderr}
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	goOn, err := c.Parse(flags, args)
	if goOn {
		err = site.Serve(ctx, c)
	}
	if err != nil {
		fmt.Fprintln(stderr, "shop:", err)
		return 1
	}
	return 0
}
