// Package workspace reads what is connected to a source at Segment, for
// [destinations.Audit]: from the documents on Segment's CDN that its browser libraries
// read ([CDN]), from Segment's Public API ([API]), or from a copy ([Read]).
//
// None of them shows everything. The Workspace says what is not shown:
//
//   - The CDN needs no token. It lists no warehouses, and has the consent categories only of
//     destinations that run in the browser.
//   - The API lists warehouses and former names. It has no consent categories.
package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/go-consent/segment/destinations"
)

// ErrWorkspace is the error if documents are not those of a workspace, or if a server does not return
// them.
var ErrWorkspace = errors.New("workspace: cannot read what is connected")

const (
	maxDocument     = 16 << 20 // bytes
	maxDestinations = 10000
)

// Read reads a copy that Write wrote.
func Read(r io.Reader) (destinations.Workspace, error) {
	var w destinations.Workspace
	data, err := readAll(r)
	if err != nil {
		return w, err
	}
	if err := unmarshal(data, &w); err != nil {
		return destinations.Workspace{}, fmt.Errorf("%w: the copy: %w", ErrWorkspace, err)
	}
	if len(w.Destinations) == 0 {
		return destinations.Workspace{}, fmt.Errorf("%w: the copy holds no destination", ErrWorkspace)
	}
	return w, check(w)
}

// Write writes a copy, as indented JSON.
func Write(w io.Writer, copied destinations.Workspace) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(copied)
}

// check refuses what nobody can review.
func check(w destinations.Workspace) error {
	if len(w.Destinations) > maxDestinations {
		return fmt.Errorf("%w: more than %d destinations", ErrWorkspace, maxDestinations)
	}
	for i, d := range w.Destinations {
		if strings.TrimSpace(d.Name) == "" {
			return fmt.Errorf("%w: destination %d has no name", ErrWorkspace, i+1)
		}
		// A name is printed, and a CI system may take a line of its own for a command.
		for _, name := range append([]string{d.Name, d.CreationName}, d.PreviousNames...) {
			if strings.ContainsFunc(name, unicode.IsControl) {
				return fmt.Errorf("%w: destination %d has a control character in a name", ErrWorkspace, i+1)
			}
		}
	}
	return nil
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWorkspace, err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrWorkspace, maxDocument)
	}
	return data, nil
}

// unmarshal decodes JSON. Its error, unlike that of encoding/json, contains nothing of the input.
func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s is of another type", wrong.Field)
	}
	if err != nil {
		return errors.New("it is not JSON")
	}
	return nil
}

// get fetches a document. It does not follow redirects, which might send the token elsewhere. Its
// errors do not contain the URL, which may hold a key.
func get(ctx context.Context, client *http.Client, address string, header http.Header) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: the address is not a URL", ErrWorkspace)
	}
	request.Header = header
	if client == nil {
		client = http.DefaultClient
	}
	straight := *client
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := straight.Do(request)
	if err != nil {
		var told *url.Error
		if errors.As(err, &told) {
			err = told.Err
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrWorkspace, request.URL.Host, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %s answered with status %d", ErrWorkspace, request.URL.Host, response.StatusCode)
	}
	return readAll(response.Body)
}
