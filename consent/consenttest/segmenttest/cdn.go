package segmenttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-consent/segment/internal/segment"
)

// cdn serves a document of Segment's CDN about the source.
func (s *Segment) cdn(document func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		allowBrowsers(w)
		if r.PathValue("key") != s.WriteKey() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(document()) // the client may be gone
	}
}

// settings is what analytics.js and the mobile clients load. Every destination is
// shown as one that runs in the browser; of the others Segment shows nothing.
func (s *Segment) settings() any {
	integrations := map[string]any{"Segment.io": map[string]any{"apiKey": s.WriteKey()}}
	unmapped := false
	for _, name := range s.workspace.Destinations {
		categories := s.categoriesOf(name)
		unmapped = unmapped || len(categories) == 0
		integrations[name] = map[string]any{"consentSettings": map[string]any{"categories": categories}}
	}
	settings := map[string]any{"integrations": integrations}
	if len(s.workspace.Scripts) > 0 {
		settings["remotePlugins"] = s.scripts()
	}
	if len(s.workspace.Categories) > 0 {
		settings["consentSettings"] = map[string]any{
			"allCategories":           slices.Sorted(maps.Keys(s.workspace.Categories)),
			"hasUnmappedDestinations": unmapped,
		}
	}
	return settings
}

// scripts are the destinations that analytics.js loads.
func (s *Segment) scripts() (plugins []map[string]any) {
	for _, name := range s.workspace.Destinations {
		if script, ok := s.workspace.Scripts[name]; ok {
			plugins = append(plugins, map[string]any{
				"name": name, "creationName": name, "libraryName": script.Library, "url": script.URL,
				"settings": map[string]any{},
			})
		}
	}
	return plugins
}

// categoriesOf returns the categories that a destination needs; none is [], not null.
func (s *Segment) categoriesOf(destination string) []string {
	categories := []string{}
	for _, category := range slices.Sorted(maps.Keys(s.workspace.Categories)) {
		if slices.Contains(s.workspace.Categories[category], destination) {
			categories = append(categories, category)
		}
	}
	return categories
}

// catalogue is what the Consent Manager loads to ask the visitor with.
func (s *Segment) catalogue() any {
	list := []map[string]string{}
	for _, name := range s.workspace.Destinations {
		list = append(list, map[string]string{
			"name": name, "creationName": name, "description": "", "website": "",
			"category": cmp.Or(s.workspace.Catalogue[name], "Analytics"),
		})
	}
	return list
}

// Transport returns a transport that takes requests for Segment's own hosts, of both
// regions and of the CDN, to s, which then knows the host that was asked. It refuses
// all others. With it the configuration of production can be tested as it is:
//
//	config.Transport = segment.Transport()
func (s *Segment) Transport() http.RoundTripper {
	// Without connections that are kept, nothing is left when a test ends.
	return redirect{s, &http.Transport{DisableKeepAlives: true}}
}

type redirect struct {
	segment *Segment
	next    http.RoundTripper
}

func (t redirect) RoundTrip(r *http.Request) (*http.Response, error) {
	switch host := hostname(r.URL.Host); host {
	case segment.HostUS, segment.HostEU, segment.HostCDN:
	default:
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, fmt.Errorf("segmenttest: %q is no host of Segment", host)
	}
	redirected := r.Clone(r.Context())
	redirected.Host = r.URL.Host
	redirected.URL.Scheme = "http"
	redirected.URL.Host = strings.TrimPrefix(t.segment.URL(), "http://")
	return t.next.RoundTrip(redirected)
}
