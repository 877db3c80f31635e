package queue

import (
	"context"
	"time"
)

// A pace spaces messages out: so many a second, and those of one second at once after a
// break. It is the bucket of golang.org/x/time/rate as a time: when it would be empty.
type pace struct {
	each  time.Duration // for a message
	taken time.Time     // up to when all is taken
}

func newPace(rate int) pace { return pace{each: time.Second / time.Duration(rate)} }

// next takes a place, and returns how long to wait for it.
func (p *pace) next(now time.Time) time.Duration {
	if idle := now.Add(-time.Second); p.taken.Before(idle) {
		p.taken = idle
	}
	p.taken = p.taken.Add(p.each)
	return p.taken.Sub(now)
}

// sleep waits, and reports whether ctx is not done.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// unlimited waits until Segment takes messages again, and reports whether ctx is not done.
func (w *Worker) unlimited(ctx context.Context) bool {
	for waited := false; ; waited = true {
		d := time.Until(w.o.Client.LimitedUntil())
		if d <= 0 {
			return ctx.Err() == nil
		}
		if !waited {
			w.counters.limited.Add(1)
		}
		if !sleep(ctx, d) {
			return false
		}
	}
}
