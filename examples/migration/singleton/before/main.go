// Before is a service behind a gateway, with one analytics client in a variable.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/segmentio/analytics-go/v3"
)

func main() {
	Init(analytics.New(os.Getenv("WRITE_KEY")))
	defer client.Close()
	log.Print(http.ListenAndServe("127.0.0.1:8080", gateway(newServer())))
}
