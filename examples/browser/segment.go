package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync/atomic"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// segments are the fake Segments, one for each profile, and the scripts of its CDN.
type segments struct {
	analytics, consentManager string // directories of scripts
	byKey                     map[string]*segmenttest.Segment

	loads atomic.Int64 // how often analytics.js was fetched
}

func startSegments() (*segments, error) {
	s := &segments{byKey: make(map[string]*segmenttest.Segment)}
	for name, p := range profiles {
		fake, err := segmenttest.Start(p.workspace(name))
		if err != nil {
			return nil, err
		}
		s.byKey[name] = fake
	}
	return s, nil
}

// cdn serves the fakes' part of Segment's CDN, analytics.js, and the scripts of the
// destinations, which record what they get.
func (s *segments) cdn() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/projects/{key}/{document}", func(w http.ResponseWriter, r *http.Request) {
		s.serve(r.PathValue("key"), w, r)
	})
	mux.HandleFunc("GET /destinations/{key}/{file}", func(w http.ResponseWriter, r *http.Request) {
		var i int
		fmt.Sscanf(r.PathValue("file"), "%d.js", &i)
		destinations := profiles[r.PathValue("key")].Destinations
		if i >= len(destinations) {
			http.NotFound(w, r)
			return
		}
		name, _ := json.Marshal(destinations[i].Name)
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `window.%s = function () {
  var log = window.delivered = window.delivered || [];
  var deliver = function (context) { log.push([%s, context.event.event || context.event.type]); return context; };
  return { name: %[2]s, version: "1", type: "destination", isLoaded: function () { return true; },
    load: function () { return Promise.resolve(); }, track: deliver, page: deliver, identify: deliver };
};`, library(i), name)
	})
	mux.HandleFunc("GET /analytics.js/v1/{key}/analytics.min.js", func(w http.ResponseWriter, r *http.Request) {
		s.loads.Add(1)
		w.Header().Set("Cache-Control", "no-store") // so that every load is counted
		http.ServeFile(w, r, filepath.Join(s.analytics, "standalone.js"))
	})
	mux.Handle("GET /analytics-next/bundles/", http.StripPrefix("/analytics-next/bundles/", http.FileServer(http.Dir(s.analytics))))
	return mux
}

// api takes events one by one, as analytics.js sends them, for the profile whose write
// key they have.
func (s *segments) api() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too long", http.StatusBadRequest)
			return
		}
		event := struct{ WriteKey string }{"standard"} // the metrics of analytics.js have none
		_ = json.Unmarshal(body, &event)               // the fake reports errors
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.serve(event.WriteKey, w, r)
	})
}

func (s *segments) serve(key string, w http.ResponseWriter, r *http.Request) {
	if fake, ok := s.byKey[key]; ok {
		fake.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// control serves what the tests need.
func (s *segments) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /received", func(w http.ResponseWriter, _ *http.Request) {
		events := []event{}
		for _, fake := range s.byKey {
			for _, a := range fake.Arrivals() {
				from := "browser"
				if a.Call == "batch" {
					from = "server" // analytics.js sends them one by one
				}
				events = append(events, event{from, a.JSON})
			}
		}
		answer(w, map[string]any{"events": events, "loads": s.loads.Load()})
	})
	mux.HandleFunc("POST /reset", func(http.ResponseWriter, *http.Request) {
		s.loads.Store(0)
		for _, fake := range s.byKey {
			fake.Reset()
		}
	})
	return mux
}

// An event as it arrived, from the browser or from analytics-go.
type event struct {
	From string          `json:"from"`
	Body json.RawMessage `json:"body"`
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
