package workspaces_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/workspaces"
)

// Whatever goes wrong in one workspace, its messages go nowhere else, and the other workspace
// gets all of its own.
func TestFaultsOfOneWorkspaceDoNotSpread(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	for name, fault := range map[string]func(us *segmenttest.Segment, client *consent.Client){
		"500s": func(us *segmenttest.Segment, _ *consent.Client) {
			us.Script(many(segmenttest.Fault{Status: http.StatusInternalServerError})...)
		},
		"refused": func(us *segmenttest.Segment, _ *consent.Client) {
			us.Script(many(segmenttest.Fault{Status: http.StatusBadRequest})...)
		},
		"too many": func(us *segmenttest.Segment, _ *consent.Client) {
			us.Script(many(segmenttest.Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Hour})...)
		},
		"resets": func(us *segmenttest.Segment, _ *consent.Client) {
			us.Script(many(segmenttest.Fault{Reset: true})...)
		},
		"hangs": func(us *segmenttest.Segment, _ *consent.Client) {
			us.Script(many(segmenttest.Fault{Until: hang})...)
		},
		"gone":   func(us *segmenttest.Segment, _ *consent.Client) { us.Stop() },
		"closed": func(_ *segmenttest.Segment, c *consent.Client) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			w := segmenttest.Workspace{Destinations: []string{"Amplitude"}}
			eu, us := segmenttest.New(t, w), segmenttest.New(t, w)
			american := clientOf(t, us)
			router, err := workspaces.New(workspaces.Config{
				Workspaces: map[string]*consent.Client{"eu": clientOf(t, eu), "us": american},
				Regions:    map[string]string{"US": "us"},
				Strict:     "eu",
			})
			require.NoError(t, err)
			fault(us, american)
			refused := 0
			for i := range 40 {
				region := []string{"US", "FR"}[i%2]
				if router.For(from(region)).Enqueue(track(region)) != nil {
					require.Equal(t, "US", region)
					refused++
				}
			}
			require.NoError(t, router.For(from("FR")).Flush(t.Context()), "the deadline is for the other one")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			lost, err := router.Shutdown(ctx)
			require.NoError(t, american.Flush(t.Context())) // on a slow machine, Shutdown returns before all is told
			if err != nil {
				require.ErrorContains(t, err, `workspace "us"`)
				require.NotContains(t, err.Error(), `workspace "eu"`)
			}
			eu.RequireInbox(t, "Amplitude", 20)
			require.NotContains(t, eventsOf(t, eu), "US", "never to the other one")
			require.NotContains(t, eventsOf(t, us), "FR")
			stats := router.Stats()
			require.EqualValues(t, 20, stats["eu"].Delivered)
			require.EqualValues(t, 20, stats["us"].Failed+stats["us"].Refused, "nothing is lost unseen")
			require.EqualValues(t, refused, stats["us"].Refused)
			require.LessOrEqual(t, lost, 20)
			require.Zero(t, stats["us"].Pending()+stats["eu"].Pending())
		})
	}
}

func many(f segmenttest.Fault) []segmenttest.Fault {
	faults := make([]segmenttest.Fault, 1000)
	for i := range faults {
		faults[i] = f
	}
	return faults
}

// Random visitors from many goroutines, while one workspace comes and goes.
func TestNoMessageCrossesWorkspaces(t *testing.T) {
	eu, us, router := two(t)
	regions := []string{"US", "US-NY", "CA", "FR", "GB", "", "nowhere"}
	var visitors sync.WaitGroup
	for g := range 8 {
		visitors.Add(1)
		go func() {
			defer visitors.Done()
			random := rand.New(rand.NewPCG(1, uint64(g)))
			for range 50 {
				ctx := from(regions[random.IntN(len(regions))])
				if err := router.For(ctx).Enqueue(track(router.Workspace(ctx))); err != nil {
					t.Error(err)
				}
				if random.IntN(10) == 0 {
					us.Script(segmenttest.Fault{Status: 503}, segmenttest.Fault{Reset: true}, segmenttest.Fault{HalfResponse: true})
				}
			}
		}()
	}
	visitors.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	_, err := router.Shutdown(ctx)
	require.NoError(t, err)
	for _, event := range eventsOf(t, us) {
		require.Equal(t, "us", event)
	}
	for _, event := range eventsOf(t, eu) {
		require.Equal(t, "eu", event)
	}
	stats := router.Stats()
	require.EqualValues(t, 400, stats["us"].Enqueued+stats["eu"].Enqueued)
	require.EqualValues(t, len(eventsOf(t, eu)), stats["eu"].Delivered)
	require.Zero(t, stats["eu"].Failed)
}
