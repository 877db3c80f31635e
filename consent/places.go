package consent

import (
	"context"
	"sync"
	"time"
)

// places are as many as there may be messages without an outcome.
type places struct {
	mu      sync.Mutex
	max     int
	used    int
	changed chan struct{} // closed at the next release; nil if nobody waits for it
}

// take takes a place, for which it waits so long, and reports whether it has one.
func (p *places) take(wait time.Duration) bool {
	free := func() bool {
		if p.used == p.max {
			return false
		}
		p.used++
		return true
	}
	p.mu.Lock()
	ok := free()
	p.mu.Unlock()
	if ok || wait <= 0 {
		return ok
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	return p.await(ctx, free) == nil
}

func (p *places) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

func (p *places) taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// idle waits until no place is taken.
func (p *places) idle(ctx context.Context) error {
	return p.await(ctx, func() bool { return p.used == 0 })
}

// await waits until ready, which it calls with the lock held, or until ctx is done.
func (p *places) await(ctx context.Context, ready func() bool) error {
	for {
		p.mu.Lock()
		if ready() {
			p.mu.Unlock()
			return nil
		}
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
