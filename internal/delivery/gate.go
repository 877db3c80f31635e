package delivery

import (
	"sync"
	"sync/atomic"
)

// A gate admits calls until it is closed, and close waits for the calls inside:
// analytics-go has a data race between its Enqueue and its Close. It holds no lock
// meanwhile, since a callback that sends must not wait for Close.
type gate struct {
	closed atomic.Bool
	inside atomic.Int64
	once   sync.Once
	empty  chan struct{} // closed when the gate is, and the last call has left
}

func (g *gate) enter() bool {
	g.inside.Add(1)
	if g.closed.Load() {
		g.leave()
		return false
	}
	return true
}

func (g *gate) leave() {
	if g.inside.Add(-1) == 0 && g.closed.Load() {
		g.once.Do(func() { close(g.empty) })
	}
}

// close closes the gate and waits until nobody is inside. It reports false if the gate was
// closed before.
func (g *gate) close() bool {
	if g.closed.Swap(true) {
		return false
	}
	g.inside.Add(1)
	g.leave()
	<-g.empty
	return true
}
