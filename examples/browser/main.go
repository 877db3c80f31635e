// Browser is a site for testing this library in real browsers: pages with Segment's Consent
// Manager, with Segment's consent-tools and with the banners of other platforms, pages without a
// script, and a fake Segment.
//
//	npm ci && npm test
//
// in this directory runs the tests, with Debian's Chromium, and the Consent Manager, the banners
// and analytics.js as npm has them. The browser resolves every host to this machine, so that
// nothing leaves it. The program prints the addresses it listens at, as JSON. It passes requests
// for another host of the site on to the shop in examples/shop.
package main

import (
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
)

func main() {
	modules := flag.String("modules", "node_modules", "the directory of the npm packages")
	teapots := flag.String("shop", "http://127.0.0.1:8080", "where the program in examples/shop listens")
	flag.Parse()
	upstream, err := url.Parse(*teapots)
	if err != nil {
		log.Fatal(err)
	}

	segments, err := startSegments()
	if err != nil {
		log.Fatal(err)
	}
	segments.analytics = filepath.Join(*modules, "@segment", "analytics-next", "dist", "umd")
	segments.consentManager = filepath.Join(*modules, "@segment", "consent-manager", "standalone")
	// The addresses that the tests use.
	control := httptest.NewServer(segments.control())
	// Everything that the browser can reach, by host.
	web := httptest.NewUnstartedServer(hosts(map[string]http.Handler{
		"shop.example.test":    newSite(segments),
		"teapots.example.test": behindTLS(upstream),
		"cdn.segment.com":      segments.cdn(),
		"api.segment.io":       segments.api(),
		"sibling.example.test": http.HandlerFunc(hostile),
		"banners.example.test": newBanners(*modules),
		"evil.test":            http.HandlerFunc(hostile),
	}))
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers also try a host without TLS
	web.StartTLS()
	err = json.NewEncoder(os.Stdout).Encode(map[string]string{
		"web": web.Listener.Addr().String(),
		"api": control.URL,
	})
	if err != nil {
		log.Fatal(err)
	}
	select {} // until it is killed
}

// behindTLS is a proxy that terminates TLS, as one in front of a shop would.
func behindTLS(upstream *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.Host = r.In.Host
	}}
}

// hosts serves each host with its own handler.
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
