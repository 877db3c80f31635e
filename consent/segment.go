package consent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/nils"
)

// EndpointEU is the endpoint of European workspaces, for [analytics.Config]. A
// workspace accepts data only at the endpoint of its own region.
const EndpointEU = "https://events.eu1.segmentapis.com"

// ErrConfig is the error of a configuration that NewSegment refuses.
var ErrConfig = errors.New("consent: bad configuration")

// NewSegment returns a Client that sends to Segment through a new client of
// analytics-go. It differs from [New] in what it can check and mend:
//
//   - The write key must not be empty, and the policy not nil.
//   - The Endpoint, if set, must be a scheme and a host and nothing else:
//     analytics-go appends its path to whatever it is given, and sends into the
//     void.
//   - The DefaultContext must hold no consent and no integrations, since Segment
//     merges it into every message.
//   - The Config and its DefaultContext are copied; analytics-go writes to them.
//   - Responses are read to their end, so that connections are reused.
//
// The error joins everything wrong, each wrapping [ErrConfig].
func NewSegment(writeKey string, c analytics.Config, p Policy, o *Options) (*Client, error) {
	if err := check(writeKey, c, p); err != nil {
		return nil, err
	}
	c.Transport = drain{c.Transport}
	c.DefaultContext = clone(c.DefaultContext)
	next, err := analytics.NewWithConfig(writeKey, c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return New(next, p, o), nil
}

func check(writeKey string, c analytics.Config, p Policy) error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	if writeKey == "" {
		bad("the write key is empty")
	}
	if nils.Is(p) {
		bad("the policy is nil")
	}
	if c.Endpoint != "" && !isEndpoint(c.Endpoint) {
		bad("the endpoint %q is not of the form https://host", c.Endpoint)
	}
	if c.DefaultContext != nil {
		for key := range c.DefaultContext.Extra {
			if contradicts(key) {
				bad("the DefaultContext holds %q, which Segment would merge into every message", key)
			}
		}
	}
	return errors.Join(wrong...)
}

func isEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return endpoint == u.Scheme+"://"+u.Host
}

func clone(c *analytics.Context) *analytics.Context {
	if c == nil {
		return nil
	}
	copied := *c
	copied.Traits = maps.Clone(c.Traits)
	copied.Extra = maps.Clone(c.Extra)
	return &copied
}

// drain is a transport that reads responses to their end. analytics-go leaves the
// body of a success unread, which costs a connection for every request.
type drain struct{ next http.RoundTripper }

const maxResponse = 64 << 10 // Segment answers with a few bytes

func (d drain) RoundTrip(r *http.Request) (*http.Response, error) {
	next := d.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err != nil {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	response.Body.Close()
	if err != nil && response.StatusCode >= 300 {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
