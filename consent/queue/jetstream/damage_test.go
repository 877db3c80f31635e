package jetstream_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue/jetstream"
)

// What a damaged file does: the events are found again, but for those of a damaged block,
// which are lost without an error. The package comment says so.
func TestDamagedStore(t *testing.T) {
	const n = 200
	for _, p := range []struct {
		name, file string
		damage     func(name string) error
		left, warn int
	}{
		{"the description of the stream", "meta.inf", flip, n, 1},
		{"the description of the stream is gone", "meta.inf", os.Remove, n, 1},
		{"its checksum", "meta.sum", flip, n, 1},
		{"its checksum is gone", "meta.sum", os.Remove, n, 1},
		{"the index", "index.db", flip, n, 1},
		{"the index is gone", "index.db", os.Remove, n, 0},
		{"the state of the consumer is empty", "o.dat", func(name string) error { return os.Truncate(name, 0) }, n, 0},
		{"the state of the consumer is short", "o.dat", halve, n, 1},
		{"the state of the consumer runs ahead", "o.dat", runAhead, n, 1},
		{"the state of the consumer is gone", "o.dat", os.Remove, n, 0},
		{"a block of events", "1.blk", flipAndForgetIndex, n - 1, 0},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			o := jetstream.Options{Dir: t.TempDir(), Lease: lease}
			q := open(t, o)
			for i := range n {
				put(t, q, captured(fmt.Sprint(i), fmt.Sprint("u", i), "a"))
			}
			for _, d := range receive(t, q, 10) {
				require.NoError(t, d.Extend(t.Context()))
			}
			require.NoError(t, q.Close())
			for _, name := range files(t, o.Dir, p.file) {
				require.NoError(t, p.damage(name))
			}

			q = open(t, o)
			put(t, q, captured("new", "u", ""))
			came := map[string]bool{}
			patience := 20 * lease
			if p.left < n {
				patience = 2 * lease // for what is lost there is nothing to wait for
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			for len(came) < n+1 {
				all, err := q.Receive(ctx, 250)
				if err != nil {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					break
				}
				for _, d := range all {
					e, err := d.Envelope()
					require.NoError(t, err)
					came[e.MessageID] = true
					require.NoError(t, d.Ack(t.Context()))
				}
			}
			require.True(t, came["new"], "it goes on")
			if p.left == n {
				require.Equal(t, n+1, len(came))
			} else {
				require.Less(t, len(came), n+1)
			}
			require.GreaterOrEqual(t, q.Stats().Warnings, uint64(p.warn))
			t.Logf("%d of %d came, %+v", len(came), n+1, q.Stats())
		})
	}
}

// flip changes a byte in the middle of a file.
func flip(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 0xff
	return os.WriteFile(name, text, 0o600)
}

// flipAndForgetIndex does what a crash and a damaged disk do together.
func flipAndForgetIndex(name string) error {
	if err := flip(name); err != nil {
		return err
	}
	return os.Remove(filepath.Join(filepath.Dir(name), "index.db"))
}

func halve(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.Truncate(name, info.Size()/2)
}

// runAhead makes a consumer believe that it has delivered 110 messages instead of 10.
func runAhead(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if text[4] != 10 || text[5] != 10 {
		return fmt.Errorf("the format has changed: %x", text)
	}
	text[4], text[5] = 110, 110
	return os.WriteFile(name, text, 0o600)
}
