package snowplow

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/snowplow/snowplow-golang-tracker/v3/tracker"
)

// A sender sends batches, one at a time, with an emitter of Snowplow's tracker. The emitter
// is used from one goroutine alone and to its end each time, since its methods race.
type sender struct {
	adapter   *adapter
	transport *transport
	emitter   *tracker.Emitter
}

func newSender(a *adapter) *sender {
	protocol, host, _ := strings.Cut(a.collector, "://")
	s := &sender{adapter: a, transport: &transport{next: a.transport, timeout: a.timeout, abort: a.ending.abort}}
	s.emitter = tracker.InitEmitter(
		tracker.RequireCollectorUri(host), tracker.OptionProtocol(protocol), tracker.OptionRequestType("POST"),
		tracker.RequireStorage(new(rows)),
		// What is in the storage is one request. With its own limit the emitter would take an
		// event that is over it for delivered, whatever the collector answers.
		tracker.OptionSendLimit(math.MaxInt), tracker.OptionByteLimitPost(math.MaxInt),
		tracker.OptionHttpClient(&http.Client{Transport: s.transport}),
	)
	return s
}

// send sends the batch in one request, and again if that may help. It returns nil if the
// collector took it.
func (s *sender) send(batch []queued) error {
	ending := s.adapter.ending
	for attempt := 0; ; attempt++ {
		if ending.abort.Err() != nil {
			return errAborted
		}
		last := attempt+1 == defaultAttempts || ending.isLast()
		err := s.attempt(batch)
		if err == nil || last || !isTemporary(err) || !ending.pause(s.adapter.pause(attempt)) {
			return err
		}
	}
}

// attempt makes the emitter send a request, and waits for it.
func (s *sender) attempt(batch []queued) error {
	stored := new(rows)
	for _, q := range batch {
		stored.AddEventRow(q.payload)
	}
	s.emitter.Storage = stored
	s.transport.err = errNoOutcome
	s.emitter.Flush()
	s.emitter.Stop()
	if len(stored.events) == 0 {
		return nil
	}
	return s.transport.err
}

// pause asks the function of the application. A panic of it is no reason to lose events.
func (a *adapter) pause(attempt int) (pause time.Duration) {
	defer func() {
		if recover() != nil {
			pause = time.Second
		}
	}()
	return a.retryAfter(attempt)
}
