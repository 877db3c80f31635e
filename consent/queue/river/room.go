package river

import (
	"context"
	"sync/atomic"
	"time"
)

// A room says whether there is room, by a count that is a few seconds old. Put does not count
// by itself: it may be in a transaction, and a Postgres with a million jobs takes a while.
type room struct {
	max      int64
	used     atomic.Int64 // what was counted, and what this process has put since
	fresh    atomic.Int64 // of that, what this process has put since
	counted  atomic.Int64 // when: nanoseconds
	counting atomic.Bool
}

// hasRoom takes a place, if there is one, and has the jobs counted anew when that is due.
func (q *Queue) hasRoom() bool {
	r := &q.room
	has := r.used.Load() < r.max
	if has {
		r.used.Add(1)
		r.fresh.Add(1)
	}
	age := time.Since(time.Unix(0, r.counted.Load()))
	due := age > 10*time.Second || age > time.Second && (!has || r.fresh.Load() > r.max/10)
	if due && !r.counting.Swap(true) {
		go func() {
			defer r.counting.Store(false)
			ctx, cancel := context.WithTimeout(context.Background(), q.o.Timeout)
			defer cancel()
			_ = q.count(ctx) // the next Put tries again
		}()
	}
	return has
}

// count counts the jobs.
func (q *Queue) count(ctx context.Context) error {
	now := time.Now()
	n, err := q.inside(ctx)
	if err != nil {
		return err
	}
	q.room.used.Store(n.all)
	q.room.fresh.Store(0)
	q.room.counted.Store(now.UnixNano())
	return nil
}

// numbers are those of the jobs: that are due, all, and the id of the first.
type numbers struct{ due, all, first int64 }

func (q *Queue) inside(ctx context.Context) (n numbers, err error) {
	err = q.o.Pool.QueryRow(ctx, q.sql.count, q.o.Name).Scan(&n.due, &n.all, &n.first)
	return n, err
}
