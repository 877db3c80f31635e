package workspaces_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/workspaces"
)

// A client under a Router that does what the test says.
type stub struct {
	analytics.Client
	close func() error
}

func (s stub) Close() error { return s.close() }

func routerOf(t *testing.T, closes ...func() error) *workspaces.Router {
	t.Helper()
	c := workspaces.Config{Workspaces: make(map[string]*consent.Client), Strict: "w0"}
	for i, close := range closes {
		c.Workspaces[fmt.Sprintf("w%d", i)] = consent.New(stub{consent.Discard, close}, policy, nil)
	}
	router, err := workspaces.New(c)
	require.NoError(t, err)
	return router
}

func TestEndingsAreConcurrentAndJoinErrors(t *testing.T) {
	one, other := errors.New("one"), errors.New("other")
	var arrived sync.WaitGroup
	arrived.Add(2)
	meet := func(err error) func() error {
		return func() error { // returns only if the other one is called meanwhile
			arrived.Done()
			arrived.Wait()
			return err
		}
	}
	err := routerOf(t, meet(one), meet(other)).Close()
	require.ErrorIs(t, err, one)
	require.ErrorIs(t, err, other)
	require.ErrorContains(t, err, `workspace "w0": one`)
	require.ErrorContains(t, err, `workspace "w1": other`)

	err = routerOf(t, func() error { return nil }, func() error { return nil }).Flush(context.Background())
	require.ErrorIs(t, err, consent.ErrNotTracked)
}

func TestShutdownHasOneDeadline(t *testing.T) {
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	wait := func() error { <-never; return nil }
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	closed := make(chan struct{})
	lost, err := routerOf(t, wait, func() error { close(closed); return nil }, wait).Shutdown(ctx)
	require.Equal(t, -1, lost, "nobody knows")
	require.ErrorIs(t, err, context.Canceled)
	<-closed
}

func TestCloseOfBoundClientDoesNotCloseRouter(t *testing.T) {
	closed := false
	router := routerOf(t, func() error { closed = true; return nil })
	require.NoError(t, router.For(from("US")).Close())
	_, err := router.For(from("US")).Shutdown(context.Background())
	require.NoError(t, err)
	require.False(t, closed)
	require.NoError(t, router.Close())
	require.True(t, closed)
	require.ErrorIs(t, router.Close(), analytics.ErrClosed)
}
