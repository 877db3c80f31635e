package jetstream_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue/jetstream"
)

// A process that is killed may leave a consumer that takes a message for acknowledged which the
// stream still has, and waits for another one which is gone. Nothing shows that before the lease
// of the other ends.
func TestAMessageThatIsHiddenComesAgain(t *testing.T) {
	dir, saved := t.TempDir(), t.TempDir()
	o := jetstream.Options{Dir: dir, Lease: lease}
	stream := filepath.Join("jetstream", "$G", "streams", "consent")
	begin := func(dir, acknowledged string) {
		o := o
		o.Dir = dir
		q, err := jetstream.Open(t.Context(), o)
		require.NoError(t, err)
		put(t, q, captured("1", "u", "a"))
		put(t, q, captured("2", "u", "a"))
		require.NoError(t, receive(t, q, 2)[acknowledged].Ack(t.Context()))
		require.NoError(t, q.Close())
	}
	begin(dir, "1")   // its consumer has 1 as acknowledged, and waits for 2
	begin(saved, "2") // its stream has 1, and no 2
	messages := filepath.Join(dir, stream, "msgs")
	require.NoError(t, os.RemoveAll(messages))
	require.NoError(t, os.CopyFS(messages, os.DirFS(filepath.Join(saved, stream, "msgs"))))

	q := open(t, o)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again, err := q.Receive(ctx, 1)
	require.NoError(t, err)
	e, err := again[0].Envelope()
	require.NoError(t, err)
	require.Equal(t, "1", e.MessageID)
	require.NoError(t, again[0].Ack(t.Context()))
	requireDepth(t, q, 0)
}
