package jetstream

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// storeDir is where a server keeps its events, below the directory that it is given.
const storeDir = server.JetStreamStoreDir

// A local is the server in this process, which may be started again.
type local struct {
	options server.Options
	log     *log

	mu  sync.Mutex
	now *server.Server // nil: none runs
}

const syncInterval = 100 * time.Millisecond

func newLocal(o Options, c *counters) *local {
	so := server.Options{
		ServerName: o.Name, DontListen: true, NoSigs: true, DisableJetStreamBanner: true,
		MaxPayload: 2 << 20, // an envelope has 1 MiB
		JetStream:  true, StoreDir: o.Dir, SyncInterval: syncInterval, SyncAlways: o.Synced,
		JetStreamMaxMemory: 1 << 20, JetStreamMaxStore: math.MaxInt64, // the stream has a limit
	}
	if u, err := url.Parse(o.Listen); err == nil && o.Listen != "" {
		so.DontListen, so.Host, so.Username = false, u.Hostname(), u.User.Username()
		so.Password, _ = u.User.Password()
		so.Port, _ = strconv.Atoi(u.Port())
	}
	return &local{options: so, log: &log{counters: c, to: o.Logger}}
}

// start starts a server, and waits until it has read the store.
func (l *local) start(ctx context.Context) error {
	o := l.options
	s, err := server.NewServer(&o)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	l.log.fatal.Store(nil)
	s.SetLoggerV2(l.log, false, false, false)
	started := make(chan struct{})
	go func() {
		defer close(started)
		s.Start()
	}()
	l.mu.Lock()
	l.now = s
	l.mu.Unlock()
	select {
	case <-started:
	case <-ctx.Done():
		go func() { <-started; s.Shutdown() }()
		return fmt.Errorf("%w: the server does not start: %w", ErrDown, ctx.Err())
	}
	if fatal := l.log.fatal.Load(); fatal != nil || !s.JetStreamEnabled() {
		l.stop()
		why := "no JetStream"
		if fatal != nil {
			why = *fatal
		}
		return fmt.Errorf("%w: the server does not start: %s", ErrDown, why)
	}
	return nil
}

// stop stops the server, and waits until it is done with the store.
func (l *local) stop() {
	l.mu.Lock()
	s := l.now
	l.now = nil
	l.mu.Unlock()
	if s != nil {
		s.Shutdown()
		s.WaitForShutdown()
	}
}

// InProcessConn implements nats.InProcessConnProvider: the connection comes back when another
// server runs.
func (l *local) InProcessConn() (net.Conn, error) {
	l.mu.Lock()
	s := l.now
	l.mu.Unlock()
	if s == nil {
		return nil, ErrDown
	}
	return s.InProcessConn()
}
