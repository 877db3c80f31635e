// Package jetstream is an engine for package queue on NATS JetStream: events are on disk
// before Enqueue returns.
//
//	q, err := jetstream.Open(ctx, jetstream.Options{Dir: "/var/lib/shop/events"})
//	tracker := consent.NewQueued(q, policy, nil)
//	worker, err := queue.NewWorker(queue.Options{Queue: q, ...})
//	// ... and in the end, after the Worker's Run has returned:
//	q.Close()
//
// Without a URL a NATS server runs inside the process, in the directory of Options.Dir, which no
// other process may use. It listens nowhere, installs no signal handler and writes no log.
// With a URL it is a cluster that others run, where each event is on three servers.
//
// # What may be lost
//
//	the process is killed          nothing: what Put has stored is with the operating system
//	the machine loses its power    what came in the last 100 ms; nothing with Options.Synced, or on
//	                               three servers whose power does not fail together
//	the disk is full, or fails     Put returns an error, and so does every Put until the server,
//	                               which is opened again in place, can write
//	a file is damaged              the events of that block of the file, or some that had been
//	                               received, without an error of any method and perhaps without a
//	                               warning in Stats: what else is damaged is mended by Open
//
// A Queue that is full returns [queue.ErrFull] and drops nothing. Nothing expires here either:
// JetStream would drop what is too old, and leave what came too often, without a word, so a
// [queue.Worker] judges both.
//
// # Messages with the same id
//
// Each Put stores the message, also one whose message id is in the queue or was: the broker is
// given an id of that Put, not that of the message. So a dead letter that is put again is
// stored again, while a Put that the network made this package repeat stores once. A Worker
// takes messages with the same id for one, and Segment drops the second within 24 hours.
//
// # Personal data
//
// Events are in the files as plain JSON. No id stands in a subject, which servers log and
// show: there are keyed hashes of the user id, and of the anonymous id or an Alias's previous id.
// Forget finds by them what it removes. The space of what is removed is written over later, as in any
// database; encrypt the disk where that matters.
//
// The key of the hashes is in the file "key" of the directory, or in Options.Key, and belongs to
// the events: with another key Forget would find nothing, and so Open returns [ErrKey].
package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	broker "github.com/nats-io/nats.go/jetstream"

	"github.com/go-consent/segment/consent/queue"
)

// Errors. Their texts hold nothing of a message. A Queue without room returns a
// [queue.ErrFull].
var (
	// ErrConfig is the error of Options that Open refuses.
	ErrConfig = errors.New("jetstream: bad configuration")
	// ErrLocked is the error of a directory that another Queue uses, in this process or in
	// another.
	ErrLocked = errors.New("jetstream: the directory is in use")
	// ErrKey is the error of a key that is not the one of the events in the queue.
	ErrKey = errors.New("jetstream: another key than that of the events")
	// ErrDown is the error of a queue that cannot write, or cannot be reached.
	ErrDown = errors.New("jetstream: the queue is down")
	// ErrDuplicate is the error of a message that the broker took for another one and did not
	// store. That does not happen unless something else writes to the stream.
	ErrDuplicate = errors.New("jetstream: not stored, since the broker holds its id")
	// ErrClosed is the error of a Queue that is closed.
	ErrClosed = errors.New("jetstream: closed")
)

// A Queue is a [queue.Queue] on JetStream. Its methods may be called from many goroutines at
// once.
type Queue struct {
	o      Options
	hashes *hashes
	unlock func() error // of the directory
	local  *local       // the server in this process; nil: there is none

	conn   *nats.Conn
	stream broker.Stream
	writer writer
	lanes  lanes

	forgotten forgotten

	ids    ids
	hopped atomic.Int64 // when the connection last left a server, in nanoseconds

	down    atomic.Pointer[error] // why nothing can be put now
	failed  chan struct{}         // has room for one
	closing context.Context
	cancel  context.CancelFunc
	helpers sync.WaitGroup

	closed   sync.Once
	closeErr error

	counters counters
}

var _ queue.Queue = (*Queue)(nil)

// patience is how long a server, or a cluster, may take to be ready, or to forget somebody.
const patience = time.Minute

// Open opens the queue, and creates it where there is none. It waits until the queue can be
// used, for a minute at most: a server with a million events starts in seconds. The error
// may wrap [ErrConfig], [ErrLocked], [ErrKey] or [ErrDown]. Close the Queue in the end.
func Open(ctx context.Context, o Options) (*Queue, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	q := &Queue{o: o, failed: make(chan struct{}, 1), ids: newIDs()}
	q.writer.queue = q
	q.closing, q.cancel = context.WithCancel(context.Background())
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := q.open(ctx); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

func (q *Queue) open(ctx context.Context) (err error) {
	key := q.o.Key
	if q.o.URL == "" {
		if q.unlock, err = lock(q.o.Dir); err != nil {
			return err
		}
		if key, err = readKey(q.o.Dir, key); err != nil {
			return err
		}
		q.local = newLocal(q.o, &q.counters)
		if err := q.local.start(ctx); err != nil {
			return err
		}
	}
	q.hashes = newHashes(key)
	if q.conn, err = q.connect(); err != nil {
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	if q.stream, err = q.prepare(ctx); err != nil {
		return err
	}
	if q.local != nil {
		q.helpers.Go(q.reopenAll)
	}
	return nil
}

// connect connects to the server in this process, or to the cluster. A connection that is
// lost comes back; nothing is kept meanwhile, so that a Put does not succeed after it failed.
func (q *Queue) connect() (*nats.Conn, error) {
	o := append([]nats.Option{
		nats.Name("consent/queue/jetstream"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1),
		nats.ReconnectWait(50 * time.Millisecond), nats.Timeout(q.o.Timeout),
	}, q.o.NATS...)
	if q.local != nil {
		o = append(o, nats.InProcessServer(q.local), nats.UserInfo(q.local.options.Username, q.local.options.Password))
	}
	return nats.Connect(q.o.URL, o...)
}

// Close closes the queue, and stops the server in this process. What Receive has returned and
// is not acknowledged comes again when the queue is opened. A second Close does nothing.
func (q *Queue) Close() error {
	q.closed.Do(func() { q.closeErr = q.end() })
	return q.closeErr
}

func (q *Queue) end() error {
	q.cancel()
	q.helpers.Wait()
	if q.conn != nil {
		q.conn.Close()
	}
	if q.local != nil {
		q.local.stop()
	}
	if q.unlock == nil {
		return nil
	}
	return q.unlock()
}
