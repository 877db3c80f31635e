// Durable is the shop of examples/shop with its ledger in a file and its events in a queue on
// disk: what people answered and what they did survives a restart, and even kill -9. When the shop
// opens it checks that nobody changed the ledger.
//
//	cd examples/durable
//	go run . [-data shop.db] [-events DIR] [-deliver-after TIME] [-head NUMBER:HASH] [-addr 127.0.0.1:8080]
//
// README.md has what to try. Stop it and start it again: who signs in finds the account's
// answer as it was. It prints the head of the ledger when it opens and when it closes. Keep
// that elsewhere, and give it back with -head: without a head, nobody can see that the end was
// cut off or that all was written anew.
//
// Sessions, and what the page shows of the events, are in memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/consent/ledger/sqlledger"
	"github.com/go-consent/segment/examples/shop/site"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Getenv("WRITE_KEY"), os.Stdout, os.Stderr))
}

// run runs the program until ctx is done or the process is told to stop, and returns its
// exit status.
func run(ctx context.Context, args []string, writeKey string, stdout, stderr io.Writer) int {
	c := site.Config{WriteKey: writeKey, Out: stdout, Errors: stderr}
	flags := flag.NewFlagSet("durable", flag.ContinueOnError)
	data := flags.String("data", "shop.db", "the `file` of the ledger")
	events := flags.String("events", "events", "the `directory` of the queue")
	after := flags.Duration("deliver-after", 0, "let events wait in the queue for that `time` after the start")
	head := flags.String("head", "", "the head that an earlier run printed, as `NUMBER:HASH`")
	goOn, err := c.Parse(flags, args)
	if goOn {
		err = open(ctx, c, *data, *head, *events, *after)
	}
	if err != nil {
		fmt.Fprintln(stderr, "durable:", err)
		return 1
	}
	return 0
}

// open opens the file, checks it, and opens the queue, and the shop on both.
func open(ctx context.Context, c site.Config, data, head, events string, after time.Duration) (err error) {
	heads, err := headsOf(head)
	if err != nil {
		return err
	}
	store, err := sqlledger.OpenSQLite(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	book, err := ledger.New(store, ledger.Options{Retention: site.Retention})
	if err != nil {
		return err
	}
	report, err := book.Verify(ctx, heads...)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "The ledger in %s has %s\n", data, report)
	printHead(c.Out, report.Head)
	engine, waiting, err := openEvents(ctx, events, after, c.Out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	c.Store, c.Queue = store, waiting
	if err := site.Serve(ctx, c); err != nil {
		return err
	}
	last, err := book.Head(context.WithoutCancel(ctx)) // the shop is closed since ctx is done
	printHead(c.Out, last)
	return err
}
