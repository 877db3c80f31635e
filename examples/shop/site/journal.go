package site

import (
	"slices"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
)

// keep is how many events the shop, and the fake Segment, remember.
const keep = 1000

// A journal remembers the latest events for the page. It learns of each twice: when
// consent decides, and when the outcome is known. It may be used by many goroutines at
// once.
type journal struct {
	mu      sync.Mutex
	entries []entry // the oldest first
}

// An entry is what the shop knows of an event.
type entry struct {
	head
	at       time.Time
	decision consent.Decision
	outcome  consent.Outcome // zero or Queued: under way
	ruling   ledger.Ruling   // zero: it could not be read, or the event reports an answer
	signals  consent.State   // denials on top
}

// A head is what distinguishes one event from another.
type head struct {
	id        string // "" for those of the preferences, which have none yet
	anonymous string
	user      string
	call      string // the method of Segment's specification, such as Track
	name      string
}

// is reports whether what was sent with head h is this event.
func (e head) is(h head) bool {
	if e.id != "" {
		return e.id == h.id
	}
	return e.anonymous == h.anonymous && e.user == h.user && e.call == h.call && e.name == h.name
}

// decided is the OnDecision of the client.
func (j *journal) decided(m analytics.Message, d consent.Decision) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == keep {
		j.entries = slices.Delete(j.entries, 0, 1)
	}
	j.entries = append(j.entries, entry{head: headOf(m), at: time.Now(), decision: d})
}

// settled is the OnOutcome of the client.
func (j *journal) settled(m analytics.Message, o consent.Outcome) {
	h := headOf(m)
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.entries {
		if e := &j.entries[i]; (e.outcome.Result == "" || e.outcome.Result == consent.Queued) && e.is(h) {
			e.outcome = o
			return
		}
	}
}

// because notes whose answer counted for a message that was enqueued, and the signals of the browser
// that counted too.
func (j *journal) because(m analytics.Message, ruling ledger.Ruling, signals consent.State) {
	h := headOf(m)
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range slices.Backward(j.entries) {
		if e := &j.entries[i]; e.is(h) {
			e.ruling, e.signals = ruling, signals
			return
		}
	}
}

// of returns the entries of a visitor, the newest first.
func (j *journal) of(v *visitor) []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var entries []entry
	for _, e := range slices.Backward(j.entries) {
		if v.sees(e.head) {
			entries = append(entries, e)
		}
	}
	return entries
}

// headOf reads the fields that the events of the shop have in common.
func headOf(m analytics.Message) head {
	switch m := m.(type) {
	case analytics.Track:
		return head{m.MessageId, m.AnonymousId, m.UserId, "Track", m.Event}
	case analytics.Page:
		return head{m.MessageId, m.AnonymousId, m.UserId, "Page", m.Name}
	case analytics.Identify:
		return head{m.MessageId, m.AnonymousId, m.UserId, "Identify", ""}
	case analytics.Group:
		return head{m.MessageId, m.AnonymousId, m.UserId, "Group", m.GroupId}
	default:
		return head{}
	}
}
