package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// A lane is a way on which messages come: an inbox, and a request for some that is open. When
// a Receive is given up, what its request brings waits for the next one. (An inbox that is closed instead
// loses what is on its way until its lease ends.)
type lane struct {
	inbox string
	came  chan *nats.Msg
	open  int       // messages that the request may still bring
	until time.Time // it has ended by then, whatever came
	left  time.Time // when the last Receive left it
}

// Lanes are those that no Receive waits on.
type lanes struct {
	mu   sync.Mutex
	idle []*lane
}

const (
	mostAsked    = 1000
	requestLasts = 5 * time.Second
	margin       = time.Second           // for the end of a request to arrive
	straggle     = 50 * time.Millisecond // between messages that come together
)

// enter returns a lane for one Receive.
func (q *Queue) enter() (*lane, error) {
	q.lanes.mu.Lock()
	defer q.lanes.mu.Unlock()
	if q.closing.Err() != nil {
		return nil, ErrClosed
	}
	if n := len(q.lanes.idle); n > 0 {
		l := q.lanes.idle[n-1]
		q.lanes.idle = q.lanes.idle[:n-1]
		l.forget(q.o.Lease / 2)
		return l, nil
	}
	l := &lane{inbox: nats.NewInbox(), came: make(chan *nats.Msg, 4*mostAsked)}
	if _, err := q.conn.ChanSubscribe(l.inbox, l.came); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDown, err)
	}
	return l, nil
}

func (q *Queue) leave(l *lane) {
	q.lanes.mu.Lock()
	defer q.lanes.mu.Unlock()
	l.left = time.Now()
	q.lanes.idle = append(q.lanes.idle, l)
}

// forget drops what came so long ago that somebody else may have it by the time it is
// delivered: it comes again.
func (l *lane) forget(after time.Duration) {
	if time.Since(l.left) < after {
		return
	}
	for {
		select {
		case <-l.came:
			l.open--
		default:
			return
		}
	}
}

// ask asks for messages where no request is open: for what there is, or else for the first
// that comes.
func (l *lane) ask(conn *nats.Conn, stream string, max int) error {
	if l.open > 0 && time.Now().Before(l.until) {
		return nil
	}
	text, err := json.Marshal(map[string]any{"batch": max, "expires": requestLasts, "no_wait": true})
	if err != nil {
		return err
	}
	if err := conn.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+stream+"."+consumerName, l.inbox, text); err != nil {
		return err
	}
	l.open, l.until = max, time.Now().Add(requestLasts+margin)
	return nil
}

// next returns the next message. It returns nil where the request has ended, or no straggler
// comes soon.
func (l *lane) next(ctx context.Context, straggler bool) (*nats.Msg, error) {
	var m *nats.Msg
	select {
	case m = <-l.came:
	default:
		wait := time.Until(l.until)
		if straggler {
			wait = straggle
		}
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case m = <-l.came:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	switch {
	case m == nil:
		return nil, nil
	case len(m.Data) > 0:
		l.open--
		return m, nil
	}
	l.open = 0
	if status := m.Header.Get("Status"); status != "404" && status != "408" {
		return nil, errors.New("the broker does not deliver: " + status)
	}
	return nil, nil
}
