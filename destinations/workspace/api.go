package workspace

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-consent/segment/destinations"
)

// The addresses of Segment's Public API, by the region of the workspace.
const (
	APIUS = "https://api.segmentapis.com"
	APIEU = "https://eu1.api.segmentapis.com"
)

// An API is Segment's Public API, asked for one source. The token needs to read sources
// (https://docs.segmentapis.com).
type API struct {
	Source string // the id of the source
	Token  string
	URL    string       // "": APIUS
	Client *http.Client // nil: http.DefaultClient
}

const (
	pageSize = "200" // the most that the API gives at once
	maxPages = 100
)

const unseenByAPI = "The Public API knows nothing of consent: categories cannot be compared. It does not give the names that the Consent Manager's cookie uses."

// Fetch lists the destinations and warehouses that are connected to the source, including disabled
// ones, since a click enables them. It reads at most 100 pages of 16 MiB of each. The error wraps
// [ErrWorkspace], and does not contain the token.
func (a API) Fetch(ctx context.Context) (destinations.Workspace, error) {
	w := destinations.Workspace{Origin: "Segment's Public API", Warehouses: true, Unseen: []string{unseenByAPI}}
	for _, path := range []string{"connected-destinations", "connected-warehouses"} {
		if err := a.list(ctx, path, &w); err != nil {
			return destinations.Workspace{}, err
		}
	}
	if len(w.Destinations) == 0 {
		return destinations.Workspace{}, fmt.Errorf("%w: nothing is connected to the source", ErrWorkspace)
	}
	return w, check(w)
}

// A page is one answer of the API.
type page struct {
	Data struct {
		Destinations []connected `json:"destinations"`
		Warehouses   []connected `json:"warehouses"`
		Pagination   *struct {
			Next string `json:"next"`
		} `json:"pagination"`
	} `json:"data"`
}

type connected struct {
	Metadata struct {
		Name          string   `json:"name"`
		PreviousNames []string `json:"previousNames"`
		Categories    []string `json:"categories"`
	} `json:"metadata"`
}

func (a API) list(ctx context.Context, path string, w *destinations.Workspace) error {
	base := strings.TrimSuffix(cmp.Or(a.URL, APIUS), "/") + "/sources/" + url.PathEscape(a.Source) + "/" + path
	header := http.Header{"Accept": {"application/vnd.segment.v1+json"}, "Authorization": {"Bearer " + a.Token}}
	query := url.Values{"pagination.count": {pageSize}}
	for range maxPages {
		document, err := get(ctx, a.Client, base+"?"+query.Encode(), header)
		if err != nil {
			return err
		}
		next, err := parsePage(document, w)
		if err != nil || next == "" {
			return err
		}
		if next == query.Get("pagination.cursor") {
			return fmt.Errorf("%w: the list does not end", ErrWorkspace)
		}
		query.Set("pagination.cursor", next)
	}
	return fmt.Errorf("%w: more than %d pages", ErrWorkspace, maxPages)
}

// parsePage adds what a page lists to w, and returns the cursor of the next page, or "".
func parsePage(document []byte, w *destinations.Workspace) (next string, err error) {
	var p page
	if err := unmarshal(document, &p); err != nil {
		return "", fmt.Errorf("%w: the answer of the API: %w", ErrWorkspace, err)
	}
	if p.Data.Pagination == nil {
		return "", fmt.Errorf("%w: the answer of the API is no page of a list", ErrWorkspace)
	}
	for _, c := range append(p.Data.Destinations, p.Data.Warehouses...) {
		d := destinations.Connected{Name: c.Metadata.Name, PreviousNames: c.Metadata.PreviousNames}
		if len(c.Metadata.Categories) > 0 {
			d.Catalogue = c.Metadata.Categories[0]
		}
		if len(w.Destinations) > maxDestinations {
			return "", check(*w)
		}
		if !has(w.Destinations, d.Name) {
			w.Destinations = append(w.Destinations, d)
		}
	}
	return p.Data.Pagination.Next, nil
}

// has reports whether a name is listed: a source may have several instances of one.
func has(all []destinations.Connected, name string) bool {
	for _, d := range all {
		if d.Name == name {
			return true
		}
	}
	return false
}
