package rights

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Hosts of Segment's Public API: a workspace is at one of them.
const (
	EndpointUS = "https://api.segmentapis.com"
	EndpointEU = "https://eu1.api.segmentapis.com"
)

// MaxUserIDs is how many ids Segment takes in one call. It takes 110,000 in a calendar month.
const MaxUserIDs = 5000

var (
	// ErrConfig is the error of Regulations without a token, or with an Endpoint that is not
	// the URL of a host.
	ErrConfig = errors.New("rights: bad configuration")
	// ErrUserIDs is the error of a call with no id, with an empty id, or with more than
	// MaxUserIDs.
	ErrUserIDs = errors.New("rights: invalid list of user ids")
	// ErrRefused is the error of a call that Segment refused. It has the status, and nothing
	// else of the response.
	ErrRefused = errors.New("rights: Segment refused the call")
)

// Regulations asks Segment to suppress and to delete users, with its Public API
// (https://docs.segmentapis.com, "Deletion and Suppression"). Use it only for a person who
// asked for that, and never for a mere withdrawal of consent:
//
//   - Suppression blocks all events with the user id at Segment, of all sources and to all
//     destinations, within about a day and at most 30. It matches only user ids: events with
//     only an anonymous id are not blocked, nor is what the browser sends to destinations
//     directly.
//   - Deletion reaches Segment's own stores, connected warehouses and some destinations. If
//     one of them cannot delete, the whole call is reported as failed. The events of a deleted
//     person cannot be replayed. Deletion may cost money.
//   - Segment itself says that suppression is no substitute for asking for consent.
//
// A Regulations may be used by many goroutines at once.
type Regulations struct {
	Token    string // of the Public API
	Endpoint string // EndpointUS or EndpointEU; "": EndpointUS

	// Client sends the calls. Nil: one with a timeout of 30 seconds. Redirects are not
	// followed.
	Client *http.Client
}

// Suppress asks Segment to take no further events of these users (SUPPRESS_ONLY), and returns
// the id of the regulation.
func (g Regulations) Suppress(ctx context.Context, userIDs ...string) (string, error) {
	return g.regulate(ctx, "SUPPRESS_ONLY", userIDs)
}

// Unsuppress undoes Suppress (UNSUPPRESS).
func (g Regulations) Unsuppress(ctx context.Context, userIDs ...string) (string, error) {
	return g.regulate(ctx, "UNSUPPRESS", userIDs)
}

// SuppressAndDelete asks Segment to take no further events of these users and to delete their
// data, also at destinations that can (SUPPRESS_WITH_DELETE). Unsuppress does not restore
// deleted data.
func (g Regulations) SuppressAndDelete(ctx context.Context, userIDs ...string) (string, error) {
	return g.regulate(ctx, "SUPPRESS_WITH_DELETE", userIDs)
}

func (g Regulations) regulate(ctx context.Context, kind string, userIDs []string) (string, error) {
	if len(userIDs) == 0 || len(userIDs) > MaxUserIDs {
		return "", fmt.Errorf("%w: %d", ErrUserIDs, len(userIDs))
	}
	for _, id := range userIDs {
		if strings.TrimSpace(id) == "" {
			return "", fmt.Errorf("%w: one is empty", ErrUserIDs)
		}
	}
	body, err := json.Marshal(map[string]any{"regulationType": kind, "subjectType": "USER_ID", "subjectIds": userIDs})
	if err != nil {
		return "", err
	}
	request, err := g.request(ctx, body)
	if err != nil {
		return "", err
	}
	client := http.Client{Timeout: 30 * time.Second}
	if g.Client != nil {
		client = *g.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("rights: %w", err)
	}
	defer response.Body.Close()
	return regulationID(response)
}

func (g Regulations) request(ctx context.Context, body []byte) (*http.Request, error) {
	if g.Token == "" {
		return nil, fmt.Errorf("%w: no Token", ErrConfig)
	}
	endpoint := g.Endpoint
	if endpoint == "" {
		endpoint = EndpointUS
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%w: Endpoint is not the URL of a host", ErrConfig)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.Scheme+"://"+u.Host+"/regulations", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	request.Header.Set("Authorization", "Bearer "+g.Token)
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}

func regulationID(response *http.Response) (string, error) {
	const maxBody = 64 << 10
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return "", fmt.Errorf("%w: status %d", ErrRefused, response.StatusCode)
	}
	var answer struct {
		Data struct {
			RegulateID string `json:"regulateId"`
		} `json:"data"`
	}
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err != nil || answer.Data.RegulateID == "" {
		return "", fmt.Errorf("%w: status %d without the id of a regulation", ErrRefused, response.StatusCode)
	}
	return answer.Data.RegulateID, nil
}
