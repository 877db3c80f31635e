package jetstream

import "time"

// hop makes the connection go to another server of the cluster, since this one does not answer: it
// may hear us, and nobody else. Not more often than an answer may take.
func (q *Queue) hop() {
	if q.local != nil {
		return
	}
	now, last := time.Now().UnixNano(), q.hopped.Load()
	if now-last > int64(q.o.Timeout) && q.hopped.CompareAndSwap(last, now) {
		_ = q.conn.ForceReconnect() // an error: it is closed
	}
}
