// Testing is a small backend that tracks orders, written to be read together with its
// tests: they show how a program that uses this library tests that its events go where
// the visitor allows, and what the tests say when it has a bug.
//
//	go test -v ./examples/testing
//
// The tests are in backend_test.go (what reaches which destination, for every visitor, and
// for users whom jobs, webhooks and employees act for), segment_test.go (the whole way to a
// fake Segment, also when that is down) and bugs_test.go (three bugs in detail). The files
// bugs_*_test.go have more than fifty others, one line or two each; testdata/bugs.golden has
// what the helper that finds each of them says.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

func main() {
	client, err := consent.NewSegment(os.Getenv("WRITE_KEY"), analytics.Config{}, destinations.MustCompile(config), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	log.Print(http.ListenAndServe("127.0.0.1:8080", newBackend(client).site()))
}
