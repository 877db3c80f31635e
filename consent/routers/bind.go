package routers

import (
	"context"

	"github.com/go-consent/segment/consent"
)

// With returns a Client for a visitor who answered s: see [consent.Client.With].
func (c *Client) With(s consent.State) *Client {
	return c.bind(func(r *consent.Client) *consent.Client { return r.With(s) })
}

// For returns a Client for the visitor whose State ctx carries: see [consent.Client.For].
func (c *Client) For(ctx context.Context) *Client {
	return c.bind(func(r *consent.Client) *consent.Client { return r.For(ctx) })
}

// Anonymous returns a Client that fills in the AnonymousId of messages that have none: see
// [consent.Client.Anonymous]. It asks id once for a message that any of the routers may fill
// it in for, and gives all of those the same.
func (c *Client) Anonymous(id func() string) *Client {
	d := c.bind(func(r *consent.Client) *consent.Client { return r.Anonymous(id) })
	d.anonymous = id
	return d
}

// Exempt returns a Client for events about no person: see [consent.Client.Exempt].
func (c *Client) Exempt(why string) *Client {
	return c.bind(func(r *consent.Client) *consent.Client { return r.Exempt(why) })
}

// Necessary returns a Client whose messages are strictly necessary at those destinations: see
// [consent.Client.Necessary]. A router whose policy lacks one of them refuses the messages.
func (c *Client) Necessary(why string, destinations ...string) *Client {
	return c.bind(func(r *consent.Client) *consent.Client { return r.Necessary(why, destinations...) })
}

// About returns a Client for messages about one person: see [consent.Client.About].
func (c *Client) About(userID string) *Client {
	return c.bind(func(r *consent.Client) *consent.Client { return r.About(userID) })
}

// bind returns a Client of what with makes of each client.
func (c *Client) bind(with func(*consent.Client) *consent.Client) *Client {
	if c == nil {
		return new(Client)
	}
	d := &Client{routers: make([]Named, len(c.routers)), anonymous: c.anonymous}
	for i, r := range c.routers {
		d.routers[i] = Named{r.Name, with(r.Client)}
	}
	return d
}
