package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	own "github.com/go-consent/segment/cookie/custom" // profiles.go has a custom
	"github.com/go-consent/segment/destinations"
)

// toolsAnswer is the cookie of a page on Segment's consent-tools, whose categories the
// page keeps itself.
var toolsAnswer = own.Source{
	Template:   http.Cookie{Name: "site-consent"},
	Path:       []string{"categories"},
	Categories: []string{"advertising", "analytics"},
}

// toolsCategories are the categories of the destinations of the page's workspace.
var toolsCategories = map[string][]string{
	"Amplitude":      {"analytics"},
	"Facebook Pixel": {"advertising"},
	"HubSpot":        {"analytics", "advertising"},
}

// newTools serves a page for each consent model below its name, as a CDN with its
// categories too.
func newTools(segment *segment) http.Handler {
	mux := http.NewServeMux()
	for model, optOut := range map[string]bool{"opt-in": false, "opt-out": true} {
		config := destinations.Config{Categories: make(map[string][]string), OptOut: optOut}
		for destination, categories := range toolsCategories {
			for _, category := range categories {
				config.Categories[category] = append(config.Categories[category], destination)
			}
		}
		policy := destinations.MustCompile(config)
		mux.HandleFunc("GET /tools/"+model, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if err := pages.ExecuteTemplate(w, "tools.html", model); err != nil {
				panic(err)
			}
		})
		mux.HandleFunc("GET /tools/"+model+"/allowed", func(w http.ResponseWriter, r *http.Request) {
			state, err := toolsAnswer.Consent(r)
			allowed := []string{}
			for v := range policy.Decide(state).Verdicts() {
				if v.Allowed {
					allowed = append(allowed, v.Destination)
				}
			}
			answer(w, map[string]any{"allowed": allowed, "error": fmt.Sprint(err)})
		})
	}
	mux.HandleFunc("POST /tools/answer", func(w http.ResponseWriter, r *http.Request) {
		var categories map[string]bool
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&categories)
		if err == nil {
			err = toolsAnswer.Write(w, r, consent.NewState(categories))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, true)
	})
	mux.HandleFunc("GET /tools/v1/projects/{key}/settings", toolsSettings)
	mux.Handle("GET /tools/", http.StripPrefix("/tools", segment.cdn()))
	return mux
}

// toolsSettings are what Segment's CDN says of a workspace whose destinations have
// categories. The scripts of the destinations are those of the standard profile.
func toolsSettings(w http.ResponseWriter, _ *http.Request) {
	integrations := map[string]any{"Segment.io": map[string]any{"apiKey": "tools"}}
	var plugins []map[string]any
	for i, d := range catalogue {
		categories, ok := toolsCategories[d.Name]
		if !ok {
			continue
		}
		integrations[d.Name] = map[string]any{"consentSettings": map[string]any{"categories": categories}}
		plugins = append(plugins, map[string]any{
			"name": d.Name, "creationName": d.Name, "libraryName": fmt.Sprintf("destination%d", i),
			"url":      fmt.Sprintf("https://cdn.segment.com/destinations/standard/%d.js", i),
			"settings": map[string]any{},
		})
	}
	answer(w, map[string]any{
		"integrations": integrations, "remotePlugins": plugins,
		"consentSettings": map[string]any{"allCategories": toolsAnswer.Categories, "hasUnmappedDestinations": false},
	})
}
