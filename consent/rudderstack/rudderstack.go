// Package rudderstack sends events to RudderStack as the consent package sends them to
// Segment: the same policy, the same answers of visitors, and RudderStack's own format on
// the wire. [New] returns a consent.Client, so With, For, Exempt, Tell, Stats and all of
// Options are the same, and messages are those of Segment's analytics-go.
//
// What a destination gets is decided here, by [Router]: nothing has to be set up at
// RudderStack, and what is set up there can only close more.
//
// # What differs from Segment
//
//   - Every destination can be stopped, storage and warehouses included, by its display name.
//   - An update of preferences is suppressed: RudderStack's server has no such event. The
//     Identify of [consent.Client.Tell] leaves as any other message.
//   - RudderStack's client fills in a random AnonymousId where a Track, Page, Screen or Group
//     has none, and sets Context.Library.
//   - Close returns when that client has sent or given up everything. It tries ten times, but
//     once after Close, and for ever while a server answers 451. So use Shutdown, which has a
//     deadline; the number of messages that it returns is -1. Flush returns
//     consent.ErrNotTracked.
//
// The rules of its server were read and run in rudderlabs/rudder-server, revision f2655fbb
// (2026-08-19). Its JavaScript SDK, in device mode, reads allowedConsentIds instead. Package
// rudderstacktest has a fake that goes by them, for tests.
package rudderstack

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	rudder "github.com/rudderlabs/analytics-go/v4"

	"github.com/go-consent/segment/consent"
)

// New returns a Client that sends to the data plane of RudderStack through a new client of
// its Go library. The DataPlaneUrl of the Config must be set; nothing is sent to a default. The Router of the options must be nil; r takes its place.
//
// Each message that Enqueue accepts has an outcome, Delivered or Failed, told to OnOutcome;
// MaxPending, MaxPendingBytes and Wait of the options do not count, and Enqueue waits while
// 100 messages are in the channel of RudderStack's client. The Callback of the Config is
// called as before. Its DefaultContext, which that client never sends, must be nil. The
// Logger is given no message: that client would print what it could not send.
//
// The error joins everything wrong, each wrapping [consent.ErrConfig].
func New(writeKey string, c rudder.Config, r Router, p consent.Policy, o *consent.Options) (*consent.Client, error) {
	if err := check(writeKey, c, r, p, o); err != nil {
		return nil, err
	}
	a := newAdapter(c.Callback)
	c.Callback = a
	c.Logger = newQuiet(c.Logger)
	next, err := rudder.NewWithConfig(writeKey, c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", consent.ErrConfig, err)
	}
	a.next = next
	var options consent.Options
	if o != nil {
		options = *o
	}
	options.Router = r
	return consent.New(a, p, &options), nil
}

func check(writeKey string, c rudder.Config, r Router, p consent.Policy, o *consent.Options) error {
	var wrong []error
	bad := func(text string) { wrong = append(wrong, fmt.Errorf("%w: %s", consent.ErrConfig, text)) }
	if writeKey == "" {
		bad("the write key is empty")
	}
	if p == nil {
		bad("the policy is nil")
	}
	if !isEndpoint(c.DataPlaneUrl) {
		bad("the DataPlaneUrl is not of the form https://host")
	}
	if c.DefaultContext != nil {
		bad("the DefaultContext is not sent by RudderStack's client")
	}
	if !slices.Contains([]string{"", Custom, OneTrust, Ketch, Iubenda}, r.Provider) {
		bad("the provider is one that RudderStack does not know, so that it would enforce nothing")
	}
	for _, id := range r.IDs {
		if id == "" {
			bad("an id is empty, and RudderStack ignores it")
		}
	}
	if o != nil && o.Router != nil {
		bad("the options have a Router of their own")
	}
	return errors.Join(wrong...)
}

// isEndpoint reports whether a path can be appended to the URL, as RudderStack's client does.
func isEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return u.RawQuery == "" && u.Fragment == "" && !strings.HasSuffix(u.Path, "/")
}
