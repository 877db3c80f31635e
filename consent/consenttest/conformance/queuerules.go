package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

// patience is how long a Queue may take for something that it should do at once.
const patience = 5 * time.Second

// A queueProbe is an empty Queue with methods to examine it.
type queueProbe struct {
	ctx   context.Context
	queue queue.Queue
	lease time.Duration
}

// capturedTrack returns a message as a client of NewQueued captures it.
func capturedTrack(id, user, anonymous string) consent.Captured {
	now := time.Now()
	return consent.Captured{
		Message: analytics.Track{Event: "e", MessageId: id, UserId: user, AnonymousId: anonymous, Timestamp: now},
		States:  []consent.State{consent.NewState(nil)}, At: now,
	}
}

func (p queueProbe) put(all ...consent.Captured) string {
	for _, c := range all {
		if err := p.queue.Put(p.ctx, c); err != nil {
			return fmt.Sprintf("Put is an error: %v", err)
		}
	}
	return ""
}

// receive returns the messages that come within the time, at most n, by message id.
func (p queueProbe) receive(n int, within time.Duration) (map[string]queue.Delivery, string) {
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	got := make(map[string]queue.Delivery)
	for len(got) < n {
		deliveries, err := p.queue.Receive(ctx, n-len(got))
		if err != nil && ctx.Err() == nil {
			return got, fmt.Sprintf("Receive is an error: %v", err)
		}
		for _, d := range deliveries {
			e, err := d.Envelope()
			if err != nil {
				return got, fmt.Sprintf("Envelope is an error: %v", err)
			}
			got[e.MessageID] = d
		}
		if ctx.Err() != nil {
			break
		}
	}
	return got, ""
}

// one receives the only message.
func (p queueProbe) one(within time.Duration) (queue.Delivery, string) {
	got, how := p.receive(1, within)
	for _, d := range got {
		return d, how
	}
	return nil, first(how, fmt.Sprintf("nothing came within %v", within))
}

// nothing reports a message that comes within the time, when none should.
func (p queueProbe) nothing(within time.Duration) string {
	got, how := p.receive(1, within)
	for id := range got {
		return fmt.Sprintf("message %s came again", id)
	}
	return how
}

func messagesComeBack(p queueProbe) string {
	now := time.Now()
	states := []consent.State{consent.NewState(map[string]bool{"a": true}), consent.All(consent.Denied)}
	extra := &analytics.Context{Locale: "de", Extra: map[string]any{"own": int64(9007199254740993)}}
	want := make(map[string]string)
	for _, m := range []analytics.Message{
		analytics.Track{MessageId: "1", UserId: "u", Event: "e", Timestamp: now, Context: extra, Integrations: analytics.Integrations{"A": false, "B": map[string]any{"id": 1}}},
		analytics.Identify{MessageId: "2", UserId: "u", Timestamp: now, Traits: analytics.Traits{"n": 1}},
		analytics.Page{MessageId: "3", AnonymousId: "é", Name: "n", Timestamp: now},
		analytics.Screen{MessageId: "4", AnonymousId: "a", Timestamp: now},
		analytics.Group{MessageId: "5", UserId: "u", GroupId: "g", Timestamp: now},
		analytics.Alias{MessageId: "6", UserId: "u", PreviousId: "p", Timestamp: now},
	} {
		c := consent.Captured{Message: m, States: states, Policy: "f", At: now, Necessary: []consent.Claim{{Why: "w", Destinations: []string{"A"}}}}
		if how := p.put(c); how != "" {
			return how
		}
		e, _ := queue.Seal(c)
		text, _ := json.Marshal(e)
		want[e.MessageID] = string(text)
	}
	got, how := p.receive(len(want), patience)
	if how != "" {
		return how
	}
	for id, text := range want {
		d, ok := got[id]
		if !ok {
			return fmt.Sprintf("message %s did not come", id)
		}
		e, _ := d.Envelope()
		if came, _ := json.Marshal(e); string(came) != text {
			return fmt.Sprintf("%s was put, and %s came", text, came)
		}
		if d.Attempt() != 1 {
			return fmt.Sprintf("the first attempt is number %d", d.Attempt())
		}
	}
	return ""
}

func putKeepsNothing(p queueProbe) string {
	c := capturedTrack("1", "u", "")
	properties := analytics.Properties{"n": "before"}
	m := c.Message.(analytics.Track)
	m.Properties = properties
	c.Message = m
	how := p.put(c)
	properties["n"] = "after"
	c.States[0] = consent.All(consent.Granted)
	if how != "" {
		return how
	}
	d, how := p.one(patience)
	if how != "" {
		return how
	}
	e, _ := d.Envelope()
	if text, _ := json.Marshal(e); !strings.Contains(string(text), "before") || e.Captured.States[0] != consent.NewState(nil) {
		return "a change after Put changed what was stored"
	}
	return ""
}

func putRefuses(p queueProbe) string {
	for _, c := range []consent.Captured{{}, {Message: analytics.Track{Event: "e", UserId: "u"}, States: []consent.State{{}}, At: time.Now()}} {
		if err := p.queue.Put(p.ctx, c); !errors.Is(err, queue.ErrEnvelope) {
			return fmt.Sprintf("Put of a %T without an id returns %v", c.Message, err)
		}
	}
	return p.nothing(p.lease / 4)
}

func receiveIsBounded(p queueProbe) string {
	how := p.put(capturedTrack("1", "u", ""), capturedTrack("2", "u", ""), capturedTrack("3", "u", ""))
	if how != "" {
		return how
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := p.queue.Receive(ctx, 2)
	if err != nil || len(got) == 0 || len(got) > 2 {
		return fmt.Sprintf("of three messages %d came, and at most 2 were asked for: %v", len(got), err)
	}
	return ""
}

func receiveWaits(p queueProbe) string {
	ctx, cancel := context.WithTimeout(p.ctx, p.lease/4)
	defer cancel()
	if got, err := p.queue.Receive(ctx, 1); len(got) != 0 || !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("Receive of an empty queue returns %d messages and the error %v", len(got), err)
	}
	came := make(chan string, 1)
	go func() {
		_, how := p.one(patience)
		came <- how
	}()
	return first(p.put(capturedTrack("1", "u", "")), <-came)
}

func ackRemoves(p queueProbe) string {
	if how := p.put(capturedTrack("1", "u", "")); how != "" {
		return how
	}
	d, how := p.one(patience)
	if how != "" {
		return how
	}
	for range 2 {
		if err := d.Ack(p.ctx); err != nil {
			return fmt.Sprintf("Ack is an error: %v", err)
		}
	}
	return first(p.nothing(p.lease*3/2), failure("Retry after Ack", d.Retry(p.ctx, 0)), p.nothing(p.lease/4))
}

func failure(what string, err error) string {
	if err != nil {
		return fmt.Sprintf("%s is an error: %v", what, err)
	}
	return ""
}

func leaseEnds(p queueProbe) string {
	if how := p.put(capturedTrack("1", "u", "")); how != "" {
		return how
	}
	for attempt := 1; attempt <= 3; attempt++ {
		d, how := p.one(p.lease + patience)
		if how != "" {
			return how
		}
		if d.Attempt() != attempt {
			return fmt.Sprintf("attempt %d says that it is number %d", attempt, d.Attempt())
		}
	}
	return ""
}

func extendKeeps(p queueProbe) string {
	if how := p.put(capturedTrack("1", "u", "")); how != "" {
		return how
	}
	d, how := p.one(patience)
	for range 4 {
		how = first(how, p.nothing(p.lease/2))
		if how != "" {
			return how
		}
		how = failure("Extend", d.Extend(p.ctx))
	}
	_, again := p.one(p.lease + patience)
	return first(how, again)
}

func retryComesAgain(p queueProbe) string {
	if how := p.put(capturedTrack("1", "u", "")); how != "" {
		return how
	}
	d, how := p.one(patience)
	if how != "" {
		return how
	}
	how = first(failure("Retry", d.Retry(p.ctx, p.lease*2)), p.nothing(p.lease*3/2))
	if how != "" {
		return how
	}
	d, how = p.one(p.lease + patience)
	if how == "" && d.Attempt() != 2 {
		return fmt.Sprintf("after a Retry it is attempt %d", d.Attempt())
	}
	return how
}
