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

func BenchmarkEnqueue(b *testing.B) {
	p, s, answers, names := twenty()
	m := analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}}
	b.Run("by hand", func(b *testing.B) {
		var client analytics.Client = discard{}
		b.ReportAllocs()
		for b.Loop() {
			m := m
			integrations := make(analytics.Integrations, len(names)+2)
			integrations["All"] = false
			integrations["Warehouses"] = map[string]any{"all": false}
			for _, name := range names {
				integrations[name] = true
			}
			categories := make(map[string]bool, len(answers))
			for name, granted := range answers {
				categories[name] = granted
			}
			m.Integrations = integrations
			m.Context = &analytics.Context{Extra: map[string]any{"consent": map[string]any{
				"categoryPreferences": categories, "destinationPreferences": map[string]bool{},
			}}}
			client.Enqueue(m)
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
