package consent_test

import (
	"fmt"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

type discard struct{}

func (discard) Enqueue(analytics.Message) error { return nil }
func (discard) Close() error                    { return nil }

// twenty is a policy of 5 categories with 4 destinations each, and a visitor who
// granted all of them.
func twenty() (*destinations.Policy, consent.State, map[string]bool, []string) {
	config := destinations.Config{Categories: map[string][]string{}}
	answers := map[string]bool{}
	var names []string
	for i := range 20 {
		category := fmt.Sprint("category", i%5)
		name := fmt.Sprint("Destination ", i)
		config.Categories[category] = append(config.Categories[category], name)
		answers[category] = true
		names = append(names, name)
	}
	return destinations.MustCompile(config), consent.NewState(answers), answers, names
}

// Consent may cost two allocations more than what it would take to stamp a message by
// hand with the same entries.
func TestEnqueueAllocatesLittle(t *testing.T) {
	p, s, answers, names := twenty()
	m := analytics.Track{UserId: "u1", Event: "Order Completed"}
	byHand := testing.AllocsPerRun(100, func() { discard{}.Enqueue(stampByHand(m, answers, names)) })
	client := consent.New(discard{}, p, nil).With(s)
	if got := testing.AllocsPerRun(100, func() { client.Enqueue(m) }); got > byHand+2 {
		t.Errorf("Enqueue allocates %v times, by hand it is %v", got, byHand)
	}
}

func stampByHand(m analytics.Track, granted map[string]bool, names []string) analytics.Track {
	m.Integrations = make(analytics.Integrations, len(names)+2)
	m.Integrations["All"] = false
	m.Integrations["Warehouses"] = map[string]any{"all": false}
	for _, name := range names {
		m.Integrations[name] = true
	}
	categories := make(map[string]bool, len(granted))
	for name, granted := range granted {
		categories[name] = granted
	}
	m.Context = &analytics.Context{Extra: map[string]any{"consent": map[string]any{
		"categoryPreferences": categories, "destinationPreferences": map[string]bool{},
	}}}
	return m
}

func BenchmarkEnqueue(b *testing.B) {
	p, s, answers, names := twenty()
	m := analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}}
	b.Run("by hand", func(b *testing.B) {
		var client analytics.Client = discard{}
		b.ReportAllocs()
		for b.Loop() {
			client.Enqueue(stampByHand(m, answers, names))
		}
	})
	b.Run("with consent", func(b *testing.B) {
		client := consent.New(discard{}, p, nil)
		b.ReportAllocs()
		for b.Loop() {
			client.With(s).Enqueue(m)
		}
	})
	b.Run("withheld", func(b *testing.B) {
		client := consent.New(discard{}, p, nil)
		b.ReportAllocs()
		for b.Loop() {
			client.Enqueue(m)
		}
	})
}
