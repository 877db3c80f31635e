// Package routers sends each message to several routers at once: to Segment and to
// RudderStack, say, during a migration from one to the other.
//
// Each router has a [consent.Client] of its own, made with the same policy, and the [Client]
// of this package gives each of them what it is given:
//
//	client, err := routers.New(
//		routers.Named{Name: "segment", Client: toSegment},
//		routers.Named{Name: "rudderstack", Client: toRudderStack},
//	)
//	...
//	client.For(r.Context()).Enqueue(analytics.Track{...})
//
// Each router decides for itself what it can enforce, so a message may leave for one and be
// suppressed at another. What became of it at each is told by the Options and the Stats of
// that router's client.
//
// # One message
//
// All routers get the same MessageId, so that whoever gets an event from two of them can drop
// one; the same Timestamp; and the same AnonymousId, if [Client.Anonymous] fills one in.
// Alone, each client would fill in its own. There are two exceptions. RudderStack's client
// fills in a random AnonymousId where a message has a UserId alone, which Segment's does not:
// give messages an AnonymousId, or a client the Anonymous of the request. And the messages of
// [Client.Tell] are made by each router's client.
//
// A destination that is connected to two of the routers gets its events twice, and it is up
// to that destination whether it drops one of two with the same id. Connect it to one.
package routers

import (
	"errors"
	"fmt"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/several"
)

// ErrConfig is the error of what New refuses.
var ErrConfig = errors.New("routers: bad configuration")

// A Named is a router's client, with a name of your choice for it.
type Named struct {
	Name   string
	Client *consent.Client
}

// A Client gives each message to several clients, in the order in which New got them. It is
// an analytics.Client, and has the methods of a [consent.Client] that bind it to somebody:
// each of them does for all routers what it does there, and returns another Client. Those are
// cheap, and their Close and Shutdown do nothing.
//
// Its methods may be called from many goroutines at once. A nil or zero Client refuses every
// message with [consent.ErrNoClient].
type Client struct {
	routers   []Named
	anonymous func() string
}

// New returns a Client for those routers, which closes them. The error joins everything
// wrong, each wrapping [ErrConfig]: no router, one without a name or client, and a name or
// client that two of them share.
//
// The order matters where the Enqueue of a client may block, as RudderStack's does while too
// much waits: the routers after it get the message later. Put such a client last.
func New(routers ...Named) (*Client, error) {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	if len(routers) == 0 {
		bad("there is no router")
	}
	names, holder := make(map[string]bool), make(map[*consent.Client]string)
	for _, r := range routers {
		if r.Name == "" {
			bad("a router has no name")
		} else if names[r.Name] {
			bad("two routers have the name %q", r.Name)
		}
		names[r.Name] = true
		if r.Client == nil {
			bad("router %q has no client", r.Name)
			continue
		}
		if other, ok := holder[r.Client]; ok {
			bad("routers %q and %q have the same client", other, r.Name)
		}
		holder[r.Client] = r.Name
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return &Client{routers: append([]Named(nil), routers...)}, nil
}

// all returns the clients by the names of their routers.
func (c *Client) all() several.Clients {
	all := several.Clients{Kind: "router", ByName: make(map[string]*consent.Client)}
	if c != nil {
		for _, r := range c.routers {
			all.ByName[r.Name] = r.Client
		}
	}
	return all
}
