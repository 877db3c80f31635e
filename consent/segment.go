package consent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"net/url"
	"os"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/internal/segment"
)

// EndpointEU is the endpoint of European workspaces, for [analytics.Config]. A
// workspace accepts data only at the endpoint of its own region.
const EndpointEU = "https://events.eu1.segmentapis.com"

// ErrConfig is the error of a configuration that NewSegment refuses.
var ErrConfig = errors.New("consent: bad configuration")

// defaultMaxPending is how many messages may be without an outcome unless
// Options.MaxPending says so: some tens of megabytes at Segment's limit of size.
const defaultMaxPending = 10_000

// NewSegment returns a Client that sends to Segment through a new client of
// analytics-go. It differs from [New] in what it can check and mend:
//
//   - The write key must not be empty, and the policy not nil.
//   - The Endpoint, if set, must be a scheme and a host and nothing else:
//     analytics-go appends its path to whatever it is given, and sends into the
//     void.
//   - The DefaultContext must hold no consent and no integrations, since Segment
//     merges it into every message.
//   - The Config and its DefaultContext are copied; analytics-go writes to them. What
//     is more than plain JSON in the DefaultContext becomes JSON now, and is an error
//     if it cannot: analytics-go does that for each batch, where a panic ends the
//     process and an error loses the batch.
//   - Responses are read to their end, so that connections are reused.
//   - Every message has an outcome, and Enqueue does not block. See
//     [Options.OnOutcome], [Options.MaxPending] and [Client.Shutdown].
//   - No message is written to a log. The Logger is given the type of a message
//     where analytics-go would print all of it.
//   - A panic of the Callback, the Transport, the Logger or RetryAfter stops there.
//
// The Callback of the Config is called as before, and must not call Close, which waits
// for it. The error joins everything wrong, each wrapping [ErrConfig].
func NewSegment(writeKey string, c analytics.Config, p Policy, o *Options) (*Client, error) {
	var f freezer
	c.DefaultContext = f.context(clone(c.DefaultContext))
	if err := check(writeKey, c, p, o, f.err); err != nil {
		return nil, err
	}
	shared := newShared(p, o)
	logger := discreet{c.Logger}
	if c.Logger == nil {
		logger.next = analytics.StdLogger(log.New(os.Stderr, "segment ", log.LstdFlags))
	}
	shared.log = logger.Errorf

	s := &sender{shared: shared, caller: c.Callback, places: places{max: defaultMaxPending}}
	if o != nil {
		s.places.max = cmp.Or(o.MaxPending, defaultMaxPending)
		s.wait = o.Wait
	}
	ctx, abort := context.WithCancel(context.Background())
	s.abort = abort
	c.Callback = s
	c.Logger = logger
	c.Transport = &transport{c.Transport, ctx}
	if retryAfter := c.RetryAfter; retryAfter != nil {
		c.RetryAfter = func(attempt int) (d time.Duration) {
			shared.guard("RetryAfter", func() { d = retryAfter(attempt) })
			return d
		}
	}
	next, err := analytics.NewWithConfig(writeKey, c)
	if err != nil {
		abort()
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	s.next = next
	shared.next = s
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
		bad("the endpoint %q is not of the form https://host", c.Endpoint)
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
	if o != nil && (o.MaxPending < 0 || o.Wait < 0) {
		bad("MaxPending or Wait is negative")
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
