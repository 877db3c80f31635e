package workspaces

import (
	"context"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/several"
)

// Stats returns the Stats of each client, by the name of the workspace.
func (r *Router) Stats() map[string]consent.Stats { return r.all().Stats() }

// Flush flushes all workspaces at once, as [consent.Client.Flush] does each. The error joins
// theirs with their names; an error in one does not stop the others.
func (r *Router) Flush(ctx context.Context) error { return r.all().Flush(ctx) }

// Shutdown shuts all workspaces down at once, with one deadline for all, as
// [consent.Client.Shutdown] does each. It returns how many messages were lost in all, or
// -1 if one of the clients does not know. The error joins theirs with their names.
func (r *Router) Shutdown(ctx context.Context) (lost int, err error) { return r.all().Shutdown(ctx) }

// Close closes all workspaces at once, as [consent.Client.Close] does each, and takes as long
// as the slowest. The error joins theirs with their names.
func (r *Router) Close() error { return r.all().Close() }

func (r *Router) all() several.Clients {
	if r == nil {
		return several.Clients{}
	}
	return several.Clients{Kind: "workspace", ByName: r.clients}
}
