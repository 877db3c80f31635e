// Browser is the site against which real browsers test this library: pages with
// Segment's Consent Manager, pages without a script, and a stand-in for Segment.
//
//	npm ci && npm test
//
// in this directory runs the tests, with Debian's Chromium, the Consent Manager and
// analytics.js as npm has them. The browser takes every host for this machine, so that
// nothing leaves it. The program prints the addresses it listens at, as JSON.
package main

import (
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
)

func main() {
	modules := flag.String("modules", "node_modules", "the directory of the npm packages")
	flag.Parse()

	segment := &segment{
		analytics:      filepath.Join(*modules, "@segment", "analytics-next", "dist", "umd"),
		consentManager: filepath.Join(*modules, "@segment", "consent-manager", "standalone"),
	}
	// Segment's API for analytics-go, and what the tests ask for.
	api := httptest.NewServer(segment.api())
	// Everything that the browser knows, by host.
	web := httptest.NewUnstartedServer(hosts(map[string]http.Handler{
		"shop.example.test":    newSite(api.URL, segment),
		"cdn.segment.com":      segment.cdn(),
		"api.segment.io":       segment.api(),
		"sibling.example.test": http.HandlerFunc(hostile),
		"evil.test":            http.HandlerFunc(hostile),
	}))
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers try a host without TLS, too
	web.StartTLS()
	err := json.NewEncoder(os.Stdout).Encode(map[string]string{
		"web": web.Listener.Addr().String(),
		"api": api.URL,
	})
	if err != nil {
		log.Fatal(err)
	}
	select {} // until it is killed
}

// hosts serves each host by a handler of its own.
func hosts(handlers map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, ok := handlers[r.Host]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}
