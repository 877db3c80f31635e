package consent

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/internal/segment"
)

// The limits of Options, where it sets none.
const (
	defaultMaxPending      = 10_000
	defaultMaxPendingBytes = 64 << 20
)

// NewSegment returns a Client that sends to Segment through a new client of
// analytics-go. It differs from [New] in what it can check and mend:
//
//   - The write key must not be empty, and the policy not nil.
//   - The Endpoint, if set, must be a scheme and a host, and may be a path below which a
//     proxy of your own passes requests on to Segment, such as
//     https://www.example.com/segment: analytics-go appends /v1/batch to whatever it is
//     given. So a path that ends in /v1 or /v1/batch is an error, and a final slash is
//     left out.
//   - The DefaultContext must hold no consent and no integrations, since Segment
//     merges it into every message.
//   - The Config and its DefaultContext are copied, as analytics-go writes to them. Values
//     of the DefaultContext that are not plain JSON are converted now, and are an error
//     if that fails: analytics-go converts them for each batch, where a panic ends the
//     process and an error loses the batch.
//   - Responses are read to their end, so that connections are reused.
//   - Redirects are not followed: they are failures.
//   - At most 10 requests are under way at once; further messages wait in the queue. Each
//     request is tried at most 10 times, for 10 seconds each. The pauses are those of
//     RetryAfter, or of the server's Retry-After but at most 5 minutes. After a 429 Too Many
//     Requests all of them wait: see [Client.LimitedUntil].
//   - Every message has an outcome, and Enqueue does not block. See
//     [Options.OnOutcome], [Options.MaxPending] and [Client.Shutdown].
//   - Nothing of a message, nor of what a server answers, is written to a log. The Logger
//     is given one line at a time.
//   - A panic of the Callback, the Transport, the Logger or RetryAfter stops there.
//
// The Callback of the Config is called as before, and must not call Close, which waits
// for it. The error joins everything wrong, each wrapping [ErrConfig].
func NewSegment(writeKey string, c analytics.Config, p Policy, o *Options) (*Client, error) {
	defaultContext, err := delivery.FreezeContext(c.DefaultContext)
	if err := check(writeKey, c, p, o, err); err != nil {
		return nil, err
	}
	shared := newShared(p, o)
	shared.log = delivery.NewLogger(c.Logger).Errorf
	c.DefaultContext, c.Endpoint = defaultContext, strings.TrimSuffix(c.Endpoint, "/")
	config := delivery.Config{
		WriteKey: writeKey, Segment: c,
		MaxPending: defaultMaxPending, MaxPendingBytes: defaultMaxPendingBytes,
		Count: shared.count, Tell: shared.tell(c.Callback),
	}
	if o != nil {
		config.MaxPending = cmp.Or(o.MaxPending, defaultMaxPending)
		config.MaxPendingBytes = cmp.Or(o.MaxPendingBytes, defaultMaxPendingBytes)
		config.Wait = o.Wait
	}
	sender, err := delivery.NewSender(config)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	shared.outlet, shared.untold = sender, ""
	shared.warnUnchanged()
	return &Client{shared: shared, state: All(Denied)}, nil
}

// check returns everything wrong, given what is wrong with the values of the
// DefaultContext.
func check(writeKey string, c analytics.Config, p Policy, o *Options, noJSON error) error {
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
		bad("the endpoint %s is not https://host, or https://host/path to which /v1/batch can be appended", shown(c.Endpoint))
	}
	if needsRouter(c.Endpoint) && (o == nil || nils.Is(o.Router)) {
		bad("the endpoint %s is that of a service which does not document that it obeys an integrations object: set Options.Router, see Gate", shown(c.Endpoint))
	}
	if noJSON != nil {
		bad("the DefaultContext: %w", noJSON)
	}
	if c.DefaultContext != nil {
		for key := range c.DefaultContext.Extra {
			if segment.Contradicts(key) {
				bad("the DefaultContext holds %q, which Segment would merge into every message", key)
			}
		}
	}
	if o != nil && (o.MaxPending < 0 || o.MaxPendingBytes < 0 || o.Wait < 0) {
		bad("MaxPending, MaxPendingBytes or Wait is negative")
	}
	return errors.Join(wrong...)
}

func isEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	below := strings.TrimSuffix(u.EscapedPath(), "/")
	switch {
	case endpoint != u.Scheme+"://"+u.Host+u.EscapedPath():
		return false
	case strings.HasSuffix(below, "/v1"), strings.HasSuffix(below, "/v1/batch"):
		return false
	default: // no double slash, and no dots to resolve
		return below == "" || below == path.Clean(below)
	}
}

// shown returns an endpoint, quoted, without what may be a secret: a user and password, or
// a query.
func shown(endpoint string) string {
	scheme, host, ok := strings.Cut(endpoint, "://")
	if ok {
		scheme += "://"
	} else {
		scheme, host = "", endpoint
	}
	if at := strings.LastIndex(host, "@"); at >= 0 {
		scheme, host = scheme+"...@", host[at+1:]
	}
	if end := strings.IndexAny(host, "?#"); end >= 0 {
		host = host[:end+1] + "..."
	}
	return strconv.Quote(scheme + host)
}
