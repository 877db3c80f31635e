package delivery

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Segment limits a workspace, and not a request: one batch that is told to wait makes all
// of them wait.
func TestTooManyRequestsMakeAllBatchesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		wire := answers(status(http.StatusTooManyRequests, "Retry-After", "60"), status(http.StatusOK))
		s, told := newSender(t, wire, func(c *Config) { c.Segment.BatchSize = 2 })
		require.Zero(t, s.LimitedUntil())
		send(t, s, 2)
		synctest.Wait()
		require.Equal(t, begun.Add(time.Minute), s.LimitedUntil())
		time.Sleep(time.Second)
		send(t, s, 2)
		send(t, s, 2)
		require.NoError(t, s.Flush(t.Context()))
		require.Equal(t, begun.Add(time.Minute), wire.times()[1])
		require.Equal(t, begun.Add(time.Minute), wire.times()[3])
		told.require(t, 6, 0)
		require.NoError(t, s.Close())
	})
}

func TestAnotherStatusMakesNobodyElseWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusServiceUnavailable, "Retry-After", "60"), status(http.StatusOK))
		s, told := newSender(t, wire, func(c *Config) { c.Segment.BatchSize = 1 })
		send(t, s, 1)
		synctest.Wait()
		send(t, s, 1)
		synctest.Wait()
		require.Len(t, wire.times(), 2)
		require.Zero(t, s.LimitedUntil())
		require.NoError(t, s.Close())
		told.require(t, 2, 0)
	})
}

// The last attempt of a batch counts, and without a Retry-After the wait grows.
func TestALimitOutlivesTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := answers(status(http.StatusTooManyRequests))
		s, told := newSender(t, wire, nil)
		send(t, s, 1)
		require.NoError(t, s.Flush(t.Context()))
		told.require(t, 0, 1)
		require.Equal(t, 10*time.Second, time.Until(s.LimitedUntil()))
		send(t, s, 1)
		require.NoError(t, s.Flush(t.Context()))
		require.Equal(t, 10*time.Second, wire.times()[10].Sub(wire.times()[9]))
		require.Equal(t, 10*time.Second, wire.times()[11].Sub(wire.times()[10]), "it does not begin small again")
		require.NoError(t, s.Close())
	})
}

func TestALimitEndsWithTheSender(t *testing.T) {
	for name, c := range map[string]struct {
		end       func(*testing.T, *Sender)
		delivered int
		took      time.Duration
	}{
		"Close makes one more attempt":           {func(t *testing.T, s *Sender) { _ = s.Close() }, 2, 0},
		"Shutdown makes one before the deadline": {func(t *testing.T, s *Sender) { _, _ = s.Shutdown(within(t, 8*time.Second)) }, 2, 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := answers(status(http.StatusTooManyRequests, "Retry-After", "60"), status(http.StatusOK))
				s, told := newSender(t, wire, func(c *Config) { c.Segment.BatchSize = 1 })
				send(t, s, 1)
				synctest.Wait()
				send(t, s, 1)
				synctest.Wait()
				begun := time.Now()
				c.end(t, s)
				require.Equal(t, c.took, time.Since(begun))
				told.require(t, c.delivered, 0)
			})
		})
	}
}
