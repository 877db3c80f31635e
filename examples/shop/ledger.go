package main

import (
	"context"
	"log"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// keep is how many events the shop, and the collector, remember.
const keep = 100

// An entry is what the shop knows of an event.
type entry struct {
	id       string
	call     string // the method of Segment's specification, such as Track
	name     string
	at       time.Time
	decision consent.Decision
	failed   bool
}

// A ledger remembers what was decided about the latest events, and knows which of
// them are under way. It learns of each event twice: through record, when consent
// decides, and as an [analytics.Callback], when analytics-go has sent it or given
// up. It may be used by many goroutines at once.
type ledger struct {
	log *log.Logger

	mu         sync.Mutex
	entries    []entry                  // the oldest first
	underWay   map[string]chan struct{} // message id to what is closed on arrival; analytics-go limits how many
	sent, lost int
}

func newLedger(l *log.Logger) *ledger {
	return &ledger{log: l, underWay: make(map[string]chan struct{})}
}

// record is the OnDecision of the client.
func (l *ledger) record(m analytics.Message, d consent.Decision) {
	e := entryOf(m)
	e.decision = d
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) == keep {
		l.entries = slices.Delete(l.entries, 0, 1)
	}
	l.entries = append(l.entries, e)
	if d.Withheld() == "" {
		l.underWay[e.id] = make(chan struct{})
	}
}

// Success is told by analytics-go that Segment has the event.
func (l *ledger) Success(m analytics.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived(entryOf(m).id)
	l.sent++
}

// Failure is told that Segment will not get the event. The message stays out of the
// log, since it is about a person.
func (l *ledger) Failure(m analytics.Message, err error) {
	e := entryOf(m)
	l.log.Printf("%s event not sent: %v", e.call, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived(e.id)
	l.lost++
	for i := range l.entries {
		l.entries[i].failed = l.entries[i].failed || l.entries[i].id == e.id
	}
}

func (l *ledger) arrived(id string) {
	if c, ok := l.underWay[id]; ok {
		close(c)
		delete(l.underWay, id)
	}
}

// wait returns when none of the events now under way still is, or with the error of
// ctx. analytics-go has no Flush, but it tells of every event.
func (l *ledger) wait(ctx context.Context) error {
	l.mu.Lock()
	waiting := make([]chan struct{}, 0, len(l.underWay))
	for _, c := range l.underWay {
		waiting = append(waiting, c)
	}
	l.mu.Unlock()
	for _, c := range waiting {
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// latest returns the entries, the newest first.
func (l *ledger) latest() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := slices.Clone(l.entries)
	slices.Reverse(entries)
	return entries
}

// reset forgets the entries. What is under way stays so.
func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// totals returns how many events were sent and lost since the start.
func (l *ledger) totals() (sent, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent, l.lost
}

// entryOf reads the fields that the events of the shop have in common.
func entryOf(m analytics.Message) entry {
	switch m := m.(type) {
	case analytics.Track:
		return entry{id: m.MessageId, call: "Track", name: m.Event, at: m.Timestamp}
	case analytics.Page:
		return entry{id: m.MessageId, call: "Page", name: m.Name, at: m.Timestamp}
	case analytics.Identify:
		return entry{id: m.MessageId, call: "Identify", at: m.Timestamp}
	case analytics.Group:
		return entry{id: m.MessageId, call: "Group", name: m.GroupId, at: m.Timestamp}
	default:
		return entry{call: "Unknown"}
	}
}

// silent is the Logger of analytics-go. Its messages hold whole events, and what
// matters in them comes to Failure.
type silent struct{}

func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}
