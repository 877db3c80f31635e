package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// segment stands in for Segment: its CDN, and the API that takes events.
type segment struct {
	analytics, consentManager string // directories of scripts

	mu       sync.Mutex
	received []event
	loads    int // how often analytics.js was fetched
}

// An event as it arrived, from the browser or from analytics-go.
type event struct {
	From string          `json:"from"`
	Body json.RawMessage `json:"body"`
}

// cdn serves the list of destinations for the Consent Manager, and analytics.js with
// its settings. The destinations of a source are scripts that analytics.js loads.
func (s *segment) cdn() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/projects/{key}/integrations", func(w http.ResponseWriter, r *http.Request) {
		var list []map[string]string
		for _, d := range profiles[r.PathValue("key")].Destinations {
			list = append(list, map[string]string{"name": d.Name, "creationName": d.Name, "category": d.Category})
		}
		answer(w, list)
	})
	mux.HandleFunc("GET /v1/projects/{key}/settings", func(w http.ResponseWriter, r *http.Request) {
		key := r.PathValue("key")
		var plugins []map[string]any
		for i, d := range profiles[key].Destinations {
			plugins = append(plugins, map[string]any{
				"name": d.Name, "creationName": d.Name, "libraryName": fmt.Sprintf("destination%d", i),
				"url":      fmt.Sprintf("https://cdn.segment.com/destinations/%s/%d.js", key, i),
				"settings": map[string]any{},
			})
		}
		answer(w, map[string]any{
			"integrations":  map[string]any{"Segment.io": map[string]any{"apiKey": key}},
			"remotePlugins": plugins,
		})
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
		fmt.Fprintf(w, `window.destination%d = function () {
  var log = window.delivered = window.delivered || [];
  var deliver = function (context) { log.push([%s, context.event.event || context.event.type]); return context; };
  return { name: %[2]s, version: "1", type: "destination", isLoaded: function () { return true; },
    load: function () { return Promise.resolve(); }, track: deliver, page: deliver, identify: deliver };
};`, i, name)
	})
	mux.HandleFunc("GET /analytics.js/v1/{key}/analytics.min.js", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.loads++
		s.mu.Unlock()
		w.Header().Set("Cache-Control", "no-store") // so that every load is counted
		http.ServeFile(w, r, filepath.Join(s.analytics, "standalone.js"))
	})
	mux.Handle("GET /analytics-next/bundles/", http.StripPrefix("/analytics-next/bundles/", http.FileServer(http.Dir(s.analytics))))
	return mux
}

// api takes events one by one, as analytics.js sends them, and in batches, as
// analytics-go does.
func (s *segment) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/{call}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too long", http.StatusBadRequest)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		switch call := r.PathValue("call"); call {
		case "batch":
			var batch struct{ Batch []json.RawMessage }
			if err := json.Unmarshal(body, &batch); err != nil {
				http.Error(w, "not JSON", http.StatusBadRequest)
				return
			}
			for _, e := range batch.Batch {
				s.receive(event{"server", e})
			}
		case "m": // how analytics.js fares
		default:
			s.receive(event{"browser", body})
		}
		answer(w, map[string]bool{"success": true})
	})
	mux.HandleFunc("OPTIONS /v1/{call}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type, Authorization")
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /received", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		answer(w, map[string]any{"events": append([]event{}, s.received...), "loads": s.loads})
	})
	mux.HandleFunc("POST /reset", func(http.ResponseWriter, *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.received, s.loads = nil, 0
	})
	return mux
}

func (s *segment) receive(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, e)
}

// find returns the event with that message id, if it has arrived.
func (s *segment) find(messageID string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range slices.Backward(s.received) {
		if strings.Contains(string(e.Body), `"messageId":"`+messageID+`"`) {
			return e.Body
		}
	}
	return nil
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
