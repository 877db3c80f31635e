package routers

import (
	"context"

	"github.com/go-consent/segment/consent"
)

// Stats returns the Stats of each client, by the name of the router.
func (c *Client) Stats() map[string]consent.Stats { return c.all().Stats() }

// Flush flushes all routers at once, as [consent.Client.Flush] does each. The error joins
// theirs with their names; a router that cannot be flushed, such as RudderStack, is
// [consent.ErrNotTracked] and does not stop the others.
func (c *Client) Flush(ctx context.Context) error { return c.all().Flush(ctx) }

// Shutdown shuts all routers down at once, with one deadline for all, as
// [consent.Client.Shutdown] does each. It returns how many messages were lost in all, or
// -1 if one of the clients does not know. The error joins theirs with their names.
func (c *Client) Shutdown(ctx context.Context) (lost int, err error) { return c.all().Shutdown(ctx) }

// Close closes all routers at once, as [consent.Client.Close] does each, and takes as long as
// the slowest. The error joins theirs with their names.
func (c *Client) Close() error { return c.all().Close() }
