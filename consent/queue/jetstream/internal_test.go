package jetstream

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

func message(id string) consent.Captured {
	return consent.Captured{
		Message: analytics.Track{MessageId: id, UserId: "u", Event: "e", Timestamp: time.Now()},
		States:  []consent.State{consent.NewState(nil)}, At: time.Now(),
	}
}

// An id that the broker holds is an error, and not silence.
func TestUnexpectedDuplicateIsAnError(t *testing.T) {
	q, err := Open(t.Context(), Options{Dir: t.TempDir()})
	require.NoError(t, err)
	defer q.Close()
	require.NoError(t, q.Put(t.Context(), message("1")))
	q.ids.count.Store(0)
	require.ErrorIs(t, q.Put(t.Context(), message("2")), ErrDuplicate)
	require.NoError(t, q.Put(t.Context(), message("3")), "the next has another id")
	require.EqualValues(t, 2, q.Stats().Put)
	d, err := q.Depth(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, d.Messages)
}

// A server that is behind delivers what another has removed.
func TestWhatIsRemovedIsNotReceived(t *testing.T) {
	q, err := Open(t.Context(), Options{Dir: t.TempDir()})
	require.NoError(t, err)
	defer q.Close()
	for _, id := range []string{"1", "2"} {
		require.NoError(t, q.Put(t.Context(), message(id)))
	}
	q.forgotten.add(q.hashes.about(q.o.Name, queue.Person{UserID: "u"}), 2)
	q.forgotten.add(q.hashes.about(q.o.Name, queue.Person{UserID: "v", AnonymousID: "u"}), 4)
	require.NoError(t, q.Put(t.Context(), message("3")), "put meanwhile")
	all, err := q.Receive(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, all, 1)
	e, err := all[0].Envelope()
	require.NoError(t, err)
	require.Equal(t, "3", e.MessageID)
	d, err := q.Depth(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, d.Messages)
}

// A server that does not answer any more is opened again, and no Put waits for it longer than
// Options.Timeout.
func TestPutHasADeadline(t *testing.T) {
	q, err := Open(t.Context(), Options{Dir: t.TempDir(), Timeout: time.Second})
	require.NoError(t, err)
	defer q.Close()
	require.NoError(t, q.Put(t.Context(), message("1")))
	q.local.stop() // as a server does whose disk has failed
	start := time.Now()
	require.ErrorIs(t, q.Put(t.Context(), message("2")), ErrDown)
	require.Less(t, time.Since(start), 10*time.Second)
	require.Eventually(t, func() bool { return q.Put(t.Context(), message("3")) == nil }, 20*time.Second, 10*time.Millisecond)
	require.Positive(t, q.Stats().Reopened)
	all, err := q.Receive(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, all, 2)
}

// A cluster of which nothing answers: nothing waits for ever.
func TestClusterThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = Open(ctx, Options{URL: "nats://" + l.Addr().String(), Key: make([]byte, 32), Timeout: 200 * time.Millisecond})
	require.ErrorIs(t, err, ErrDown)
}

// Ids of every kind are found by their own kind alone.
func TestHashesKeepKindsApart(t *testing.T) {
	h := newHashes([]byte("key"))
	require.NotEqual(t, h.token(ofUser, "x"), h.token(ofAnonymous, "x"))
	require.NotEqual(t, h.token(ofUser, "x"), newHashes([]byte("other")).token(ofUser, "x"))
	require.Len(t, h.token(ofUser, "x"), 22)
	require.Equal(t, nobody, h.token(ofUser, ""))
	require.Empty(t, h.about("s", queue.Person{}), "nobody is in no subject")
	require.Len(t, h.about("s", queue.Person{UserID: "u", AnonymousID: "a"}), 4)
}
