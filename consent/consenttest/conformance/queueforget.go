package conformance

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
)

func forgets(p queueProbe) string {
	alias := consent.Captured{
		Message: analytics.Alias{MessageId: "alias", UserId: "u4", PreviousId: "a1", Timestamp: time.Now()},
		States:  []consent.State{consent.NewState(nil)}, At: time.Now(),
	}
	how := first(
		p.put(capturedTrack("user", "u1", ""), capturedTrack("anonymous", "", "a1"), capturedTrack("both", "u1", "a1")),
		p.put(alias, capturedTrack("other", "u2", "a2"), capturedTrack("longer", "u11", "a11"), capturedTrack("swapped", "a1", "u1")),
		failure("Forget", p.queue.Forget(p.ctx, queue.Person{UserID: "u1", AnonymousID: "a1"})),
		failure("Forget of nobody", p.queue.Forget(p.ctx, queue.Person{})),
	)
	if how != "" {
		return how
	}
	got, how := p.receive(7, p.lease/2)
	var left []string
	for id := range got {
		left = append(left, id)
	}
	slices.Sort(left)
	if want := []string{"longer", "other", "swapped"}; how == "" && !slices.Equal(left, want) {
		return fmt.Sprintf("%q are left, and should be %q", left, want)
	}
	return how
}

func forgetsReceived(p queueProbe) string {
	if how := p.put(capturedTrack("1", "u1", "")); how != "" {
		return how
	}
	d, how := p.one(patience)
	if how != "" {
		return how
	}
	return first(
		failure("Forget", p.queue.Forget(p.ctx, queue.Person{UserID: "u1"})),
		failure("Retry of what is forgotten", d.Retry(p.ctx, 0)),
		failure("Extend of what is forgotten", d.Extend(p.ctx)),
		p.nothing(p.lease*3/2),
		failure("Ack of what is forgotten", d.Ack(p.ctx)),
	)
}

func losesNothing(p queueProbe) string {
	const goroutines, each = 5, 20
	var wg sync.WaitGroup
	var mu sync.Mutex
	var wrong string
	came := make(map[string]int)
	end := time.Now().Add(patience)
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				if how := p.put(capturedTrack(fmt.Sprint(g, "-", i), "u", "")); how != "" {
					mu.Lock()
					wrong = how
					mu.Unlock()
				}
			}
		})
		wg.Go(func() {
			for {
				mu.Lock()
				done := len(came) == goroutines*each
				mu.Unlock()
				if done {
					return
				}
				got, how := p.receive(1, p.lease/2)
				mu.Lock()
				for id, d := range got {
					came[id]++
					how = first(how, failure("Ack", d.Ack(p.ctx)))
				}
				wrong = first(wrong, how)
				stop := wrong != "" || time.Now().After(end)
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	if wrong == "" && len(came) != goroutines*each {
		return fmt.Sprintf("of %d messages %d came", goroutines*each, len(came))
	}
	return wrong
}
