// Package several flushes and ends several named clients as one.
package several

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/go-consent/segment/consent"
)

// Clients are clients by name. Kind says in errors what they are, such as "workspace".
type Clients struct {
	Kind   string
	ByName map[string]*consent.Client
}

// Stats returns the Stats of each, by name.
func (c Clients) Stats() map[string]consent.Stats {
	stats := make(map[string]consent.Stats)
	for name, client := range c.ByName {
		stats[name] = client.Stats()
	}
	return stats
}

// Flush flushes all at once.
func (c Clients) Flush(ctx context.Context) error {
	return c.each(func(client *consent.Client) error { return client.Flush(ctx) })
}

// Shutdown shuts all down at once, and returns how many messages were lost in all, or -1 if
// one of them does not know.
func (c Clients) Shutdown(ctx context.Context) (lost int, err error) {
	var mu sync.Mutex
	unknown := false
	err = c.each(func(client *consent.Client) error {
		n, err := client.Shutdown(ctx)
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

// Close closes all at once.
func (c Clients) Close() error { return c.each((*consent.Client).Close) }

// each calls do for every client concurrently, so that a fault in one does not delay the
// others. The error joins theirs with their names.
func (c Clients) each(do func(*consent.Client) error) error {
	if len(c.ByName) == 0 {
		return consent.ErrNoClient
	}
	names := slices.Sorted(maps.Keys(c.ByName))
	failed := make([]error, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Add(1)
		go func() {
			defer wait.Done()
			err := consent.ErrExited // if the wrapped client ends the goroutine
			defer func() {
				if err != nil {
					failed[i] = fmt.Errorf("%s %q: %w", c.Kind, name, err)
				}
			}()
			err = do(c.ByName[name])
		}()
	}
	wait.Wait()
	return errors.Join(failed...)
}
