package site_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/examples/shop/site"
)

func ExampleServe() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // a program goes on until it is told to stop

	c := site.Config{Store: new(ledger.Memory), Errors: os.Stderr, Out: io.Discard}
	goOn, err := c.Parse(flag.NewFlagSet("shop", flag.ContinueOnError), []string{"-addr", "127.0.0.1:0"})
	if goOn {
		err = site.Serve(ctx, c)
	}
	fmt.Println(err)
	// Output: <nil>
}
