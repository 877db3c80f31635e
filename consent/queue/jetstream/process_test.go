//go:build unix

package jetstream_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue/jetstream"
)

// A child is this test binary, run again as another process on a directory.
const (
	childDoes = "JETSTREAM_CHILD"
	childDir  = "JETSTREAM_DIR"
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	switch os.Getenv(childDoes) {
	case "":
		os.Exit(m.Run())
	case "put":
		putUntilKilled()
	case "fill":
		fillDisk()
	case "open":
		_, err := jetstream.Open(context.Background(), jetstream.Options{Dir: os.Getenv(childDir)})
		if errors.Is(err, jetstream.ErrLocked) {
			fmt.Println("locked")
		} else {
			fmt.Println(err)
		}
	}
}

// child starts a child and returns the lines that it prints.
func child(t *testing.T, does, dir string) (*exec.Cmd, *bufio.Scanner) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDoes+"="+does, childDir+"="+dir)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c, bufio.NewScanner(out)
}

// putUntilKilled puts from eight goroutines, and prints each message id that was stored.
func putUntilKilled() {
	q, err := jetstream.Open(context.Background(), jetstream.Options{Dir: os.Getenv(childDir)})
	if err != nil {
		panic(err)
	}
	for g := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d.%d.%d", os.Getpid(), g, i)
				if err := q.Put(context.Background(), captured(id, "u", "a")); err != nil {
					panic(err)
				}
				fmt.Println(id)
			}
		}()
	}
	select {}
}

// One process after the other is killed while it puts. The lock of each ends with it, and all
// that was acknowledged is there.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	kills, each := 10, 300
	if testing.Short() {
		kills = 3
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for range kills {
		c, lines := child(t, "put", dir)
		var kill sync.Once
		for i := 0; lines.Scan(); i++ {
			acknowledged[lines.Text()] = true
			if i == each {
				kill.Do(func() { require.NoError(t, c.Process.Kill()) })
			}
		}
		var exit *exec.ExitError
		require.ErrorAs(t, c.Wait(), &exit)
		require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
	}
	q := open(t, jetstream.Options{Dir: dir})
	depth, err := q.Depth(t.Context())
	require.NoError(t, err)
	all := receive(t, q, int(depth.Messages))
	require.GreaterOrEqual(t, len(acknowledged), kills*each)
	for id := range acknowledged {
		require.Contains(t, all, id)
	}
	t.Logf("%d acknowledged, %d stored", len(acknowledged), len(all))
}

func TestTwoProcessesOnOneDirectory(t *testing.T) {
	t.Parallel()
	o := jetstream.Options{Dir: t.TempDir()}
	q := open(t, o)
	_, err := jetstream.Open(t.Context(), o)
	require.ErrorIs(t, err, jetstream.ErrLocked, "in this process")
	c, lines := child(t, "open", o.Dir)
	require.True(t, lines.Scan())
	require.Equal(t, "locked", lines.Text(), "in another")
	require.NoError(t, c.Wait())
	put(t, q, captured("m", "u", ""))

	require.NoError(t, q.Close())
	c, lines = child(t, "put", o.Dir)
	require.True(t, lines.Scan())
	_, err = jetstream.Open(t.Context(), o)
	require.ErrorIs(t, err, jetstream.ErrLocked, "the other has it now")
	require.NoError(t, c.Process.Kill())
	_ = c.Wait()
	open(t, o)
}

// fillDisk puts until no file can get larger, and then with a limit that is higher.
func fillDisk() {
	raise := func(limit uint64) {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
			panic(err)
		}
		now.Cur = limit
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
			panic(err)
		}
	}
	q, err := jetstream.Open(context.Background(), jetstream.Options{Dir: os.Getenv(childDir), Timeout: 2 * time.Second})
	if err != nil {
		panic(err)
	}
	raise(64 << 10)
	failures, i := 0, 0
	for ; failures < 20; i++ {
		id := fmt.Sprint("m", i)
		err := q.Put(context.Background(), captured(id, "u", "a"))
		switch {
		case err == nil:
			fmt.Println("stored", id)
		case errors.Is(err, jetstream.ErrDown):
			failures++
			time.Sleep(10 * time.Millisecond)
			fmt.Println("failed", id)
		default:
			panic(err)
		}
	}
	raise(64 << 20)
	for ; q.Put(context.Background(), captured("last", "u", "a")) != nil; time.Sleep(10 * time.Millisecond) {
	}
	fmt.Println("stored last")
	fmt.Printf("stats %+v\n", q.Stats())
	all := receiveAll(q)
	fmt.Println("received", strings.Join(all, " "))
	if err := q.Close(); err != nil {
		panic(err)
	}
	fmt.Println("closed")
}

// receiveAll returns the ids of what is in a queue.
func receiveAll(q *jetstream.Queue) (ids []string) {
	for {
		d, err := q.Depth(context.Background())
		if err != nil {
			panic(err)
		}
		if uint64(len(ids)) >= d.Messages {
			return ids
		}
		all, err := q.Receive(context.Background(), 100)
		if err != nil {
			panic(err)
		}
		for _, d := range all {
			e, err := d.Envelope()
			if err != nil {
				panic(err)
			}
			ids = append(ids, e.MessageID)
		}
	}
}

// The operating system refuses to write more, as on a full disk: every Put is told, and when
// there is room again the queue works again, in the same process, with all that it had.
func TestFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	c, lines := child(t, "fill", t.TempDir())
	stored, failed := map[string]bool{}, 0
	var received []string
	closed := false
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		what, rest, _ := strings.Cut(lines.Text(), " ")
		switch what {
		case "stored":
			stored[rest] = true
		case "failed":
			failed++
		case "received":
			received = strings.Fields(rest)
		case "stats":
			t.Log(rest)
			require.NotContains(t, rest, "Reopened:0")
			require.NotContains(t, rest, "Warnings:0")
		case "closed":
			closed = true
		default:
			t.Log(lines.Text())
		}
	}
	require.NoError(t, c.Wait())
	require.True(t, closed)
	require.Greater(t, len(stored), 20)
	require.Positive(t, failed)
	for id := range stored {
		require.Contains(t, received, id)
	}
	t.Logf("%d stored, %d failed, %d received", len(stored), failed, len(received))
}
