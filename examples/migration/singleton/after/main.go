// After is a service behind a gateway, with one analytics client in a variable.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

func main() {
	c, err := consent.NewSegment(os.Getenv("WRITE_KEY"), analytics.Config{}, policy, nil)
	if err != nil {
		log.Fatal(err)
	}
	Init(c)
	defer client.Close()
	log.Print(http.ListenAndServe("127.0.0.1:8080", gateway(newServer())))
}
