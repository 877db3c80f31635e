package look

import (
	"context"
	"errors"
	"time"

	"github.com/go-consent/segment/consent/queue"
)

// patience is how long the queue may take to say what is in it.
const patience = 5 * time.Second

// A report is what the page shows.
type report struct {
	At      time.Time `json:"at"`
	Queue   *backlog  `json:"queue"` // nil: it is not known
	Unknown string    `json:"queueUnknown,omitempty"`
	Worker  counts    `json:"worker"`
	Dead    dead      `json:"dead"`
	Limited string    `json:"limitedFor,omitempty"` // as of an answer of 429
	Holding []holding `json:"holding"`
	Failing []failure `json:"failures"`
}

type backlog struct {
	Waiting  uint64 `json:"waiting"`
	InFlight uint64 `json:"inFlight"`
	Age      string `json:"age"` // of the oldest; "" if there is none
}

// Depth is how many messages there are.
func (b backlog) Depth() uint64 { return b.Waiting + b.InFlight }

type counts struct {
	Received    uint64 `json:"received"`
	Sent        uint64 `json:"sent"`
	Suppressed  uint64 `json:"suppressed"`
	Retried     uint64 `json:"retried"`
	Dead        uint64 `json:"dead"`
	Again       uint64 `json:"again"`
	Forgotten   uint64 `json:"forgotten"`
	Redelivered uint64 `json:"redelivered"`
	Held        uint64 `json:"held"`
	Failed      uint64 `json:"failed"`
	Limited     uint64 `json:"limited"`
}

// A dead is why messages were given up.
type dead struct {
	TooOld     uint64 `json:"tooOld"`
	TooOften   uint64 `json:"tooOften"`
	Unreadable uint64 `json:"unreadable"`
	Refused    uint64 `json:"refused"`
}

type holding struct {
	Type     string `json:"type"`
	Messages uint64 `json:"messages"`
	Age      string `json:"age"`
	Attempts int    `json:"attempts"`
}

type failure struct {
	What  string `json:"what"`
	Times uint64 `json:"times"`
	Ago   string `json:"ago"`
}

func reportOf(ctx context.Context, w *queue.Worker, now time.Time) report {
	s := w.Stats()
	r := report{
		At: now.UTC().Truncate(time.Second), Holding: []holding{}, Failing: []failure{},
		Worker: counts{
			s.Received, s.Sent, s.Suppressed, s.Retried, s.Dead, s.Again, s.Forgotten, s.Redelivered, s.Held, s.Failed, s.Limited,
		},
		Dead: dead{s.TooOld, s.TooOften, s.Unreadable, s.Dead - min(s.Dead, s.TooOld+s.TooOften+s.Unreadable)},
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch b, err := w.Backlog(ctx); {
	case err == nil:
		r.Queue = &backlog{b.Waiting, b.InFlight, ago(b.Oldest, now)}
	case errors.Is(err, errors.ErrUnsupported):
		r.Unknown = "this queue does not count what is in it"
	default:
		r.Unknown = "the queue did not answer"
	}
	if until := w.LimitedUntil(); until.After(now) {
		r.Limited = until.Sub(now).Round(time.Second).String()
	}
	for _, h := range w.Holding() {
		if h.Type == "" {
			h.Type = "unreadable"
		}
		r.Holding = append(r.Holding, holding{h.Type, h.Messages, ago(h.Oldest, now), h.Attempts})
	}
	for _, f := range w.Failures() {
		r.Failing = append(r.Failing, failure{f.What, f.Times, ago(f.Last, now)})
	}
	return r
}

// ago returns how long ago that was, in whole seconds.
func ago(then, now time.Time) string {
	if then.IsZero() {
		return ""
	}
	return max(now.Sub(then), 0).Round(time.Second).String()
}
