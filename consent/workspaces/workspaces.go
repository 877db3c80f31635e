// Package workspaces sends each visitor's messages to one of several workspaces of Segment,
// by region.
//
// Segment keeps the data of a workspace in the United States or in Europe, and a workspace
// accepts data only at the endpoint of its region. A site with both has a [consent.Client]
// for each, and a [Router] that knows which of them is for whom:
//
//	router, err := workspaces.New(workspaces.Config{
//		Workspaces: map[string]*consent.Client{"eu": european, "us": american},
//		Regions:    map[string]string{"US": "us", "CA": "us"},
//		Strict:     "eu",
//		Region:     func(ctx context.Context) string { return regime.FromContext(ctx).Place },
//	})
//	...
//	router.For(r.Context()).Enqueue(analytics.Track{...})
//
// A message goes only to the workspace of its visitor's region, even if that workspace fails
// or is closed. Visitors of no known region belong to the strict one.
//
// A visitor who travels changes regions, and has a profile in each workspace. If an account
// says where its owner lives, put that region into the context with [NewContext].
//
// # Jobs
//
// A job carries the region along with the text of the State, since both are known only during
// the request:
//
//	job := Job{Consent: consent.Text(ctx), Region: router.Region(ctx)}
//
// and where the job runs:
//
//	ctx, err := consent.WithText(ctx, job.Consent)
//	ctx = workspaces.NewContext(ctx, job.Region)
//	router.For(ctx).Enqueue(...)
//
// A job without a region, or with one that the Config no longer has, goes to the strict
// workspace.
//
// # Answers
//
// The update of preferences goes to one workspace as well. Give the handler a client for each
// request:
//
//	preferences.Handler{Policy: policy, Client: router.For(r.Context())}.ServeHTTP(w, r)
package workspaces

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// ErrConfig is the error of a Config that New refuses.
var ErrConfig = errors.New("workspaces: bad configuration")

// A Config says which workspaces there are, and which regions belong to them.
type Config struct {
	// Workspaces are the clients by names of your choice. Each is made by
	// [consent.NewSegment] or [consent.New], with a write key and an endpoint of its own, and
	// with the same policy or another. The Router closes them.
	Workspaces map[string]*consent.Client

	// Regions maps a region to the name of one of the Workspaces. Regions are compared
	// exactly. Without an entry for "US-CA", that of "US" counts.
	Regions map[string]string

	// Strict is the name of the workspace for visitors of no known region.
	Strict string

	// Region returns the region of a context into which [NewContext] put none, or "". It is
	// called from many goroutines at once, and its panics are not recovered. Nil: the region
	// is not known then.
	Region func(context.Context) string
}

// A Router chooses among the clients of several workspaces. Its methods may be called from
// many goroutines at once. The clients of a nil or zero Router refuse every message with
// [consent.ErrNoClient].
type Router struct {
	clients map[string]*consent.Client
	regions map[string]string
	strict  string
	region  func(context.Context) string
}

// New returns a Router. The Config is copied. The error joins everything wrong with it, each
// wrapping [ErrConfig]: no workspaces, one without a name or client, a client that two of
// them share, and a region without a name or with an unknown workspace.
func New(c Config) (*Router, error) {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
	}
	if len(c.Workspaces) == 0 {
		bad("there is no workspace")
	}
	holder := make(map[*consent.Client]string)
	for _, name := range slices.Sorted(maps.Keys(c.Workspaces)) {
		client := c.Workspaces[name]
		if name == "" {
			bad("a workspace has no name")
		}
		if client == nil {
			bad("workspace %q has no client", name)
			continue
		}
		if other, ok := holder[client]; ok {
			bad("workspaces %q and %q have the same client", other, name)
		}
		holder[client] = name
	}
	for _, region := range slices.Sorted(maps.Keys(c.Regions)) {
		if region == "" {
			bad("a region has no name: visitors without a region use Strict")
		}
		if _, ok := c.Workspaces[c.Regions[region]]; !ok {
			bad("region %q has the unknown workspace %q", region, c.Regions[region])
		}
	}
	if _, ok := c.Workspaces[c.Strict]; !ok {
		bad("Strict is the unknown workspace %q", c.Strict)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return &Router{maps.Clone(c.Workspaces), maps.Clone(c.Regions), c.Strict, c.Region}, nil
}

// For returns the client of the workspace for the region of ctx, bound to the visitor whose
// State ctx carries, as [consent.Client.For] binds it. Its Stats and Flush are those of the
// workspace, and its Close and Shutdown do nothing.
func (r *Router) For(ctx context.Context) *consent.Client {
	if r == nil {
		return (*consent.Client)(nil).For(ctx)
	}
	return r.clients[r.Workspace(ctx)].For(ctx)
}

// Workspace returns the name of the workspace for the region of ctx.
func (r *Router) Workspace(ctx context.Context) string {
	if r == nil {
		return ""
	}
	region := r.Region(ctx)
	if name, ok := r.regions[region]; ok {
		return name
	}
	if country, _, divided := strings.Cut(region, "-"); divided {
		if name, ok := r.regions[country]; ok {
			return name
		}
	}
	return r.strict
}

// Region returns the region of ctx, for a job: the one that [NewContext] put there, or else
// the result of Config.Region; "" if it is not known.
func (r *Router) Region(ctx context.Context) string {
	if region, ok := fromContext(ctx); ok || r == nil || r.region == nil {
		return region
	}
	return r.region(ctx)
}

type contextKey struct{}

// NewContext returns a context that carries a region. With "" the region is not known,
// whatever Config.Region would return. A nil ctx stands for [context.Background].
func NewContext(ctx context.Context, region string) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithValue(ctx, contextKey{}, region)
}

func fromContext(ctx context.Context) (region string, ok bool) {
	if ctx == nil {
		return "", false
	}
	region, ok = ctx.Value(contextKey{}).(string)
	return region, ok
}
