package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/jetstream"
)

func TestEmbeddedKeepsTheRules(t *testing.T) {
	t.Parallel()
	conformance.TestQueue(t, lease, func() *jetstream.Queue {
		return open(t, jetstream.Options{Dir: t.TempDir(), Lease: lease})
	})
}

func TestClusterKeepsTheRules(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	c := newCluster(t)
	streams := 0
	conformance.TestQueue(t, lease, func() *jetstream.Queue {
		streams++
		return open(t, c.options(fmt.Sprint("rules", streams)))
	})
}

func TestFullQueueRefusesAndDropsNothing(t *testing.T) {
	t.Parallel()
	q := open(t, jetstream.Options{Dir: t.TempDir(), MaxBytes: 20_000})
	stored := 0
	for ; stored < 1000; stored++ {
		err := q.Put(t.Context(), captured(fmt.Sprint(stored), "u", ""))
		if err != nil {
			require.ErrorIs(t, err, queue.ErrFull)
			break
		}
	}
	require.Greater(t, stored, 10)
	requireDepth(t, q, uint64(stored))
	all := receive(t, q, stored)
	for i := range stored {
		require.Contains(t, all, fmt.Sprint(i), "the oldest is there, too")
	}
	require.ErrorIs(t, q.Put(t.Context(), captured("more", "u", "")), queue.ErrFull)
	require.NoError(t, all["0"].Ack(t.Context()))
	require.NoError(t, all["1"].Ack(t.Context()))
	require.NoError(t, q.Put(t.Context(), captured("more", "u", "")), "there is room again")
	require.Zero(t, q.Stats().Reopened, "a full queue is no failure")
}

// Puts at the same time go to the server in groups: of each is told what became of it.
func TestManyPutsIntoAFullQueue(t *testing.T) {
	t.Parallel()
	q := open(t, jetstream.Options{Dir: t.TempDir(), MaxBytes: 100_000})
	var mu sync.Mutex
	stored := map[string]bool{}
	full := 0
	var all sync.WaitGroup
	for g := range 32 {
		all.Go(func() {
			for i := range 30 {
				id := fmt.Sprint(g, ".", i)
				err := q.Put(context.Background(), captured(id, strings.Repeat("u", g+1), ""))
				mu.Lock()
				if err == nil {
					stored[id] = true
				} else if errors.Is(err, queue.ErrFull) {
					full++
				} else {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Positive(t, full)
	requireDepth(t, q, uint64(len(stored)))
	require.EqualValues(t, len(stored), q.Stats().Put)
	for id := range receive(t, q, len(stored)) {
		require.True(t, stored[id], "who was told that it is not stored may put it again")
	}
}

func TestMessagesWithOneIDAreAllStored(t *testing.T) {
	t.Parallel()
	q := open(t, jetstream.Options{Dir: t.TempDir()})
	dead := captured("m", "u", "")
	put(t, q, dead)
	d := receive(t, q, 1)["m"]
	put(t, q, dead) // as DeadLetter might do, before the Worker acknowledges
	require.NoError(t, d.Ack(t.Context()))
	d = receive(t, q, 1)["m"]
	require.Equal(t, 1, d.Attempt())
	require.NoError(t, d.Ack(t.Context()))

	put(t, q, dead) // later
	require.NoError(t, q.Forget(t.Context(), queue.Person{UserID: "u"}))
	requireDepth(t, q, 0)
	put(t, q, dead) // when the person is back
	require.NoError(t, receive(t, q, 1)["m"].Ack(t.Context()))
	requireDepth(t, q, 0)
}

func TestKillAndRestartLoseNothing(t *testing.T) {
	t.Parallel()
	o := jetstream.Options{Dir: t.TempDir(), Lease: lease}
	q := open(t, o)
	for i := range 10 {
		put(t, q, captured(fmt.Sprint(i), "u", ""))
	}
	all := receive(t, q, 5)
	for _, d := range all {
		require.NoError(t, d.Ack(t.Context()))
	}
	require.Len(t, receive(t, q, 2), 2)
	require.NoError(t, q.Close())
	require.NoError(t, q.Close(), "twice")

	q = open(t, o)
	requireDepth(t, q, 5)
	again := receive(t, q, 5)
	for id, d := range again {
		require.NotContains(t, all, id)
		require.NoError(t, d.Ack(t.Context()))
	}
	require.EqualValues(t, 2, q.Stats().Redelivered)
	requireDepth(t, q, 0)
}

func TestClosedQueueSaysSo(t *testing.T) {
	t.Parallel()
	q := open(t, jetstream.Options{Dir: t.TempDir()})
	put(t, q, captured("m", "u", ""))
	d := receive(t, q, 1)["m"]
	waiting := make(chan error)
	go func() {
		_, err := q.Receive(context.Background(), 1)
		waiting <- err
	}()
	time.Sleep(10 * time.Millisecond) // let it wait; either way the result is the same
	require.NoError(t, q.Close())
	require.ErrorIs(t, <-waiting, jetstream.ErrClosed)
	require.ErrorIs(t, q.Put(t.Context(), captured("m", "u", "")), jetstream.ErrClosed)
	_, err := q.Receive(t.Context(), 1)
	require.ErrorIs(t, err, jetstream.ErrClosed)
	_, err = q.Depth(t.Context())
	require.ErrorIs(t, err, jetstream.ErrClosed)
	require.ErrorIs(t, q.Forget(t.Context(), queue.Person{UserID: "u"}), jetstream.ErrClosed)
	require.ErrorIs(t, d.Ack(t.Context()), jetstream.ErrClosed)
}

// The subjects are what a server logs and shows.
func TestSubjectsHoldNoID(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	listen := "nats://admin:secret@" + address
	o := jetstream.Options{Dir: t.TempDir(), Listen: listen}
	q := open(t, o)
	subjects := map[string]bool{}
	conn, err := nats.Connect(listen)
	require.NoError(t, err)
	defer conn.Close()
	sub, err := conn.SubscribeSync("consent.>")
	require.NoError(t, err)
	require.NoError(t, conn.Flush())
	id := "ann@example.com"
	put(t, q,
		captured("1", id, ""), captured("2", "", id), captured("3", id, id), captured("4", id, ""),
		consent.Captured{
			Message: analytics.Alias{MessageId: "5", UserId: "other", PreviousId: id, Timestamp: time.Now()},
			States:  []consent.State{consent.NewState(nil)}, At: time.Now(),
		},
	)
	tokens := map[string]bool{}
	for range 5 {
		m, err := sub.NextMsg(5 * time.Second)
		require.NoError(t, err)
		subjects[m.Subject] = true
		require.NotContains(t, m.Subject, "ann")
		parts := strings.Split(m.Subject, ".")
		require.Len(t, parts, 3)
		tokens[parts[1]], tokens[parts[2]] = true, true
	}
	require.Len(t, subjects, 4, "one subject for each person and kind of id")
	require.Len(t, tokens, 5, "of a user, an anonymous visitor, a previous id, the other, and of nobody")

	_, err = nats.Connect("nats://" + address)
	require.ErrorIs(t, err, nats.ErrAuthorization, "nobody gets in without the password")
}

func TestEmbeddedServerListensNowhere(t *testing.T) {
	t.Parallel()
	open(t, jetstream.Options{Dir: t.TempDir()})
	_, err := net.Dial("tcp", "127.0.0.1:4222")
	require.Error(t, err)
}

func TestKeyBelongsToTheEvents(t *testing.T) {
	t.Parallel()
	o := jetstream.Options{Dir: t.TempDir()}
	q := open(t, o)
	put(t, q, captured("m", "u", ""))
	require.NoError(t, q.Close())
	name := filepath.Join(o.Dir, "key")
	right, err := os.ReadFile(name)
	require.NoError(t, err)
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())

	given := o
	given.Key = key
	_, err = jetstream.Open(t.Context(), given)
	require.ErrorIs(t, err, jetstream.ErrKey)
	for _, wrong := range []string{"", "xyz", strings.Repeat("00", 32)} {
		require.NoError(t, os.WriteFile(name, []byte(wrong), 0o600))
		_, err = jetstream.Open(t.Context(), o)
		require.ErrorIs(t, err, jetstream.ErrKey)
	}
	require.NoError(t, os.Remove(name))
	_, err = jetstream.Open(t.Context(), o)
	require.ErrorIs(t, err, jetstream.ErrKey)
	require.NoFileExists(t, name, "no new key takes the place of the lost one")

	require.NoError(t, os.WriteFile(name, right, 0o600))
	q = open(t, o)
	require.NoError(t, q.Forget(t.Context(), queue.Person{UserID: "u"}))
	requireDepth(t, q, 0)
}

func TestBadOptionsAreAllTold(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]jetstream.Options{
		"nothing":          {},
		"both":             {Dir: "d", URL: "nats://h", Key: key},
		"no key":           {URL: "nats://h"},
		"a short key":      {Dir: "d", Key: []byte("short")},
		"synced elsewhere": {URL: "nats://h", Key: key, Synced: true},
		"replicas":         {Dir: "d", Replicas: 3},
		"negative":         {Dir: "d", Lease: -1},
		"a name":           {Dir: "d", Name: "a.b"},
		"no password":      {Dir: "d", Listen: "nats://127.0.0.1:4222"},
		"no port":          {Dir: "d", Listen: "nats://u:p@127.0.0.1"},
	} {
		_, err := jetstream.Open(t.Context(), o)
		require.ErrorIs(t, err, jetstream.ErrConfig, name)
	}
	_, err := jetstream.Open(t.Context(), jetstream.Options{Name: "a.b", MaxBytes: -1})
	require.ErrorContains(t, err, "either Dir or URL")
	require.ErrorContains(t, err, "the Name")
	require.ErrorContains(t, err, "negative")
}
