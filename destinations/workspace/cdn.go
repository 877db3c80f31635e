package workspace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-consent/segment/destinations"
)

// A CDN is where the browser libraries of a source read what is connected to it. It needs
// nothing but the write key, which every visitor of the site can see.
type CDN struct {
	WriteKey string
	URL      string       // "": https://cdn.segment.com
	Client   *http.Client // nil: http.DefaultClient
}

// Fetch reads the list that the Consent Manager reads and the settings that analytics.js reads, of at
// most 16 MiB each. The error wraps [ErrWorkspace].
func (c CDN) Fetch(ctx context.Context) (destinations.Workspace, error) {
	base := strings.TrimSuffix(cmp.Or(c.URL, "https://cdn.segment.com"), "/") + "/v1/projects/" + url.PathEscape(c.WriteKey)
	var documents [2][]byte
	for i, name := range []string{"/integrations", "/settings"} {
		document, err := get(ctx, c.Client, base+name, http.Header{"Accept": {"application/json"}})
		if err != nil {
			return destinations.Workspace{}, err
		}
		documents[i] = document
	}
	w, err := ParseCDN(documents[0], documents[1])
	if err == nil {
		w.Origin = "Segment's CDN"
	}
	return w, err
}

// What the documents of the CDN do not show.
const (
	unseenWarehouses = "The CDN lists no warehouses, and no former names."
	unseenMappings   = "The CDN shows the categories of consent of destinations that run in the browser. Those of cloud-mode destinations cannot be compared."
	unseenConsent    = "The settings on the CDN hold no categories of consent: the workspace does not enforce consent, or does not show it."
)

// ParseCDN reads the two documents of the CDN: /v1/projects/<key>/integrations, a list of
// every destination with its name, creation name and category in Segment's catalogue, and
// /v1/projects/<key>/settings, an object with those that run in the browser. An empty list
// is an error, since it cannot be told from a key of another source.
func ParseCDN(integrations, settings []byte) (destinations.Workspace, error) {
	w := destinations.Workspace{Origin: "a copy of Segment's CDN", Unseen: []string{unseenWarehouses}}
	var list []struct {
		Name         string `json:"name"`
		CreationName string `json:"creationName"`
		Category     string `json:"category"`
	}
	if err := unmarshal(integrations, &list); err != nil {
		return destinations.Workspace{}, fmt.Errorf("%w: the list of integrations: %w", ErrWorkspace, err)
	}
	var s settingsDocument
	if err := unmarshal(settings, &s); err != nil {
		return destinations.Workspace{}, fmt.Errorf("%w: the settings: %w", ErrWorkspace, err)
	}
	mapped, err := s.mapped()
	if err != nil {
		return destinations.Workspace{}, err
	}
	seen := make(map[[2]string]bool)
	for _, d := range list {
		// Several webhooks have one name. The Repeater is Segment's own.
		if key := [2]string{d.Name, d.CreationName}; d.CreationName != "Repeater" && !seen[key] {
			seen[key] = true
			consent := mapped[d.CreationName]
			if consent == nil {
				consent = mapped[d.Name]
			}
			delete(mapped, d.CreationName)
			delete(mapped, d.Name)
			w.Destinations = append(w.Destinations, destinations.Connected{
				Name: cmp.Or(d.Name, d.CreationName), CreationName: d.CreationName, Catalogue: d.Category, Consent: consent,
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mapped)) { // in the settings alone
		if name != "Segment.io" && name != "Repeater" {
			w.Destinations = append(w.Destinations, destinations.Connected{Name: name, CreationName: name, Consent: mapped[name]})
		}
	}
	if s.Consent == nil {
		w.Unseen = append(w.Unseen, unseenConsent)
		for i := range w.Destinations {
			w.Destinations[i].Consent = nil
		}
	} else {
		w.Unseen = append(w.Unseen, unseenMappings)
		w.Categories, w.Unmapped = append([]string{}, s.Consent.All...), s.Consent.Unmapped
	}
	if len(w.Destinations) == 0 {
		return destinations.Workspace{}, fmt.Errorf("%w: no destination is listed", ErrWorkspace)
	}
	return w, check(w)
}

type settingsDocument struct {
	Integrations map[string]json.RawMessage `json:"integrations"`
	Consent      *struct {
		All      []string `json:"allCategories"`
		Unmapped bool     `json:"hasUnmappedDestinations"`
	} `json:"consentSettings"`
}

// mapped returns the categories of each destination in the settings, by creation name. A destination
// without one has an empty list.
func (s settingsDocument) mapped() (map[string][]string, error) {
	if s.Integrations == nil {
		return nil, fmt.Errorf("%w: the settings hold no integrations", ErrWorkspace)
	}
	all := make(map[string][]string)
	for name, raw := range s.Integrations {
		var one struct {
			Consent struct {
				Categories []string `json:"categories"`
			} `json:"consentSettings"`
		}
		if err := unmarshal(raw, &one); err != nil {
			return nil, fmt.Errorf("%w: the settings of %q: %w", ErrWorkspace, name, err)
		}
		all[name] = append([]string{}, one.Consent.Categories...)
	}
	return all, nil
}
