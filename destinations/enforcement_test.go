package destinations_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/segment"
)

// TestSegmentsDocumentedEnforcement compares the policy with the tables of Segment's
// documentation, one subtest per row. What a row blocks, the policy does not deliver either.
// Where a row delivers and the policy does not, the table below says why.
func TestSegmentsDocumentedEnforcement(t *testing.T) {
	const (
		unlisted  = "a destination that the Config does not list is closed: AllowUnlisted is off"
		noConsent = "without a consent object Segment enforces nothing: the visitor's answer is missing, so everything is closed"
	)
	stricter := map[string]map[string]string{
		"1a":          {"facebook": noConsent, "google-ads": noConsent, "amplitude": noConsent, "unmapped": noConsent},
		"1b":          {"facebook": noConsent, "google-ads": noConsent, "amplitude": noConsent, "unmapped": noConsent},
		"2":           {"unmapped": unlisted},
		"3":           {"facebook": noConsent},
		"4a":          {"unmapped": unlisted},
		"4b":          {"unmapped": unlisted},
		"5":           {"facebook": unlisted, "google-ads": unlisted, "amplitude": unlisted, "unmapped": unlisted},
		"cmp-extra":   {"unmapped": unlisted},
		"cmp-missing": {"unmapped": unlisted},
	}

	var table struct {
		Destinations []string
		Rows         []struct {
			ID           string
			Mapping      map[string][]string        `json:"categoryToDestinations"`
			Consent      map[string]map[string]bool `json:"context.consent"`
			Integrations analytics.Integrations
			Deliver      []string
			Block        []string
		}
	}
	b, err := os.ReadFile("testdata/enforcement.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &table))
	require.Len(t, table.Rows, 15)

	for _, row := range table.Rows {
		t.Run(row.ID, func(t *testing.T) {
			var state consent.State
			if row.Consent != nil {
				state = consent.NewState(row.Consent["categoryPreferences"])
			}
			policy := destinations.MustCompile(destinations.Config{Categories: row.Mapping})
			workspace := segment.Workspace{Categories: row.Mapping}
			for _, name := range table.Destinations {
				workspace.Destinations = append(workspace.Destinations, segment.Named(name))
			}

			route := func(event any) map[string]bool {
				b, err := json.Marshal(event)
				require.NoError(t, err)
				deliveries, err := workspace.Route(b)
				require.NoError(t, err)
				delivered := map[string]bool{}
				for _, d := range deliveries {
					delivered[d.Destination] = d.Delivered
				}
				return delivered
			}

			// The stand-in for Segment does as the row says.
			event := map[string]any{"integrations": row.Integrations}
			if row.Consent != nil {
				event["context"] = map[string]any{"consent": row.Consent}
			}
			plain := route(event)
			for _, name := range row.Deliver {
				require.True(t, plain[name], "%s is not delivered by the stand-in", name)
			}
			for _, name := range row.Block {
				require.False(t, plain[name], "%s is delivered by the stand-in", name)
			}

			delivered := map[string]bool{}
			next := deliver(func(m analytics.Message) error {
				delivered = route(m)
				return nil
			})
			require.NoError(t, consent.New(next, policy, nil).With(state).
				Enqueue(analytics.Track{UserId: "u", Event: "Ordered", Integrations: row.Integrations}))

			for _, name := range row.Block {
				require.False(t, delivered[name], "%s is blocked by Segment and delivered by us", name)
			}
			reasons := maps.Clone(stricter[row.ID])
			for _, name := range row.Deliver {
				if !delivered[name] {
					require.NotEmpty(t, reasons[name], "%s is delivered by Segment and blocked by us, for no stated reason", name)
				} else {
					require.Empty(t, reasons[name], "%s is delivered after all", name)
				}
				delete(reasons, name)
			}
			require.Empty(t, slices.Collect(maps.Keys(reasons)), "reasons that no destination needs")
		})
	}
}

type deliver func(analytics.Message) error

func (f deliver) Enqueue(m analytics.Message) error { return f(m) }
func (f deliver) Close() error                      { return nil }
