package workspaces

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/go-consent/segment/consent"
)

// Stats returns the Stats of each client, by the name of the workspace.
func (r *Router) Stats() map[string]consent.Stats {
	stats := make(map[string]consent.Stats)
	if r != nil {
		for name, client := range r.clients {
			stats[name] = client.Stats()
		}
	}
	return stats
}

// Flush flushes all workspaces at once, as [consent.Client.Flush] does each. The error joins
// theirs with their names; an error in one does not stop the others.
func (r *Router) Flush(ctx context.Context) error {
	return r.each(func(c *consent.Client) error { return c.Flush(ctx) })
}

// Shutdown shuts all workspaces down at once, with one deadline for all, as
// [consent.Client.Shutdown] does each. It returns how many messages were lost in all, or
// -1 if one of the clients does not know. The error joins theirs with their names.
func (r *Router) Shutdown(ctx context.Context) (lost int, err error) {
	var mu sync.Mutex
	unknown := false
	err = r.each(func(c *consent.Client) error {
		n, err := c.Shutdown(ctx)
		mu.Lock()
		defer mu.Unlock()
		lost, unknown = lost+max(n, 0), unknown || n < 0
		return err
	})
	if unknown {
		return -1, err
	}
	return lost, err
}

// Close closes all workspaces at once, as [consent.Client.Close] does each, and takes as long
// as the slowest. The error joins theirs with their names.
func (r *Router) Close() error {
	return r.each(func(c *consent.Client) error { return c.Close() })
}

// each calls do for every workspace concurrently, so that a fault in one does not delay the
// others.
func (r *Router) each(do func(*consent.Client) error) error {
	if r == nil || len(r.clients) == 0 {
		return consent.ErrNoClient
	}
	names := slices.Sorted(maps.Keys(r.clients))
	failed := make([]error, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Add(1)
		go func() {
			defer wait.Done()
			err := consent.ErrExited // if the wrapped client ends the goroutine
			defer func() {
				if err != nil {
					failed[i] = fmt.Errorf("workspace %q: %w", name, err)
				}
			}()
			err = do(r.clients[name])
		}()
	}
	wait.Wait()
	return errors.Join(failed...)
}
