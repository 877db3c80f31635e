package jetstream_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue/jetstream"
)

// A cluster has three servers in this process. Everything between them, and to them, goes
// through a proxy that can be cut or made slow.
type cluster struct {
	t       testing.TB
	dirs    [3]string
	servers [3]*server.Server
	clients [3]*proxy
	routes  [3]map[int]*proxy // by the server that they lead to; i solicits j for i < j
}

var key = []byte("a key of the test, of 32 bytes at least")

func newCluster(t testing.TB) *cluster {
	c := &cluster{t: t}
	for i := range c.servers {
		c.dirs[i], c.clients[i], c.routes[i] = t.TempDir(), newProxy(t), map[int]*proxy{}
		for j := i + 1; j < len(c.servers); j++ {
			c.routes[i][j] = newProxy(t)
		}
	}
	for i := range c.servers {
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range c.servers {
			c.kill(i)
		}
	})
	return c
}

// start starts a server on the directory that it had.
func (c *cluster) start(i int) {
	o := &server.Options{
		ServerName: fmt.Sprint("server", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: c.dirs[i], ClientAdvertise: c.clients[i].address(),
		Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: server.RANDOM_PORT, PoolSize: -1,
			Advertise: "127.0.0.1:1", // else they would find ways past the proxies
		},
	}
	o.Routes = []*url.URL{{Scheme: "nats", Host: o.Cluster.Advertise}} // the last one has no other, and needs one
	for _, p := range c.routes[i] {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: p.address()})
	}
	s, err := server.NewServer(o)
	require.NoError(c.t, err)
	s.Start()
	require.True(c.t, s.ReadyForConnections(time.Minute))
	c.servers[i] = s
	c.clients[i].lead(s.Addr())
	for j := range i {
		c.routes[j][i].lead(s.ClusterAddr())
	}
}

func (c *cluster) kill(i int) {
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

// each calls f for all proxies of a server.
func (c *cluster) each(i int, f func(*proxy)) {
	f(c.clients[i])
	c.between(i, f)
}

// between calls f for the proxies between a server and the others.
func (c *cluster) between(i int, f func(*proxy)) {
	for j := range c.routes {
		if p := c.routes[j][i]; p != nil {
			f(p)
		}
	}
	for _, p := range c.routes[i] {
		f(p)
	}
}

// options are those of a Queue on the cluster.
func (c *cluster) options(name string) jetstream.Options {
	var urls []string
	for _, p := range c.clients {
		urls = append(urls, "nats://"+p.address())
	}
	return jetstream.Options{URL: strings.Join(urls, ","), Name: name, Key: key, Lease: lease, MaxBytes: 64 << 20}
}

// leader returns which server leads a stream, once one does.
func (c *cluster) leader(stream string) (leader int) {
	require.Eventually(c.t, func() bool {
		for i, s := range c.servers {
			if s.Running() && s.GlobalAccount().JetStreamIsStreamLeader(stream) {
				leader = i
				return true
			}
		}
		return false
	}, 3*time.Minute, 10*time.Millisecond)
	return leader
}

// A proxy passes TCP connections on.
type proxy struct {
	listener net.Listener
	target   atomic.Value // string
	delay    atomic.Int64 // of each piece of at most 4 KiB

	mu    sync.Mutex
	isCut bool
	open  map[net.Conn]bool
}

func newProxy(t testing.TB) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: l, open: make(map[net.Conn]bool)}
	t.Cleanup(func() {
		l.Close()
		p.cut(true)
	})
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(in)
		}
	}()
	return p
}

func (p *proxy) address() string      { return p.listener.Addr().String() }
func (p *proxy) lead(to net.Addr)     { p.target.Store(to.String()) }
func (p *proxy) slow(d time.Duration) { p.delay.Store(int64(d)) }

// cut ends all connections, and lets none begin, or lets them begin again.
func (p *proxy) cut(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = is
	if is {
		for c := range p.open {
			c.Close()
		}
	}
}

// add notes a connection, unless the proxy is cut.
func (p *proxy) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isCut {
		p.open[c] = true
	}
	return !p.isCut
}

func (p *proxy) serve(in net.Conn) {
	defer in.Close()
	target, _ := p.target.Load().(string)
	if target == "" || !p.add(in) {
		return
	}
	out, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer out.Close()
	if !p.add(out) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pass(out, in) })
	both.Go(func() { p.pass(in, out) })
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, in)
	delete(p.open, out)
}

func (p *proxy) pass(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	piece := make([]byte, 4096)
	for {
		n, err := from.Read(piece)
		time.Sleep(time.Duration(p.delay.Load()))
		if n > 0 {
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil && err != io.EOF {
			return
		}
		if err == io.EOF {
			return
		}
	}
}
