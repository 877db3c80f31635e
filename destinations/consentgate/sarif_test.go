package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The properties that SARIF 2.1.0 requires, and those that code scanning needs to show a
// result at a line of a pull request.
func TestTheSARIFHasWhatReadersNeed(t *testing.T) {
	data, err := os.ReadFile("testdata/check.sarif")
	require.NoError(t, err)
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex *int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
				PartialFingerprints map[string]string
			}
		}
	}
	require.NoError(t, json.Unmarshal(data, &log))
	require.Contains(t, log.Schema, "sarif-schema-2.1.0.json")
	require.Equal(t, "2.1.0", log.Version)
	require.Len(t, log.Runs, 1)
	driver := log.Runs[0].Tool.Driver
	require.Equal(t, "consentgate", driver.Name)
	ids := make(map[string]bool)
	for _, rule := range driver.Rules {
		require.NotEmpty(t, rule.ShortDescription.Text)
		require.False(t, ids[rule.ID], rule.ID)
		ids[rule.ID] = true
	}
	require.NotEmpty(t, log.Runs[0].Results)
	fingerprints := make(map[string]bool)
	for _, r := range log.Runs[0].Results {
		require.Equal(t, r.RuleID, driver.Rules[*r.RuleIndex].ID)
		require.Contains(t, []string{"error", "warning"}, r.Level)
		require.NotEmpty(t, r.Message.Text)
		require.Len(t, r.Locations, 1)
		location := r.Locations[0].PhysicalLocation
		require.Equal(t, "register.json", location.ArtifactLocation.URI)
		require.Positive(t, location.Region.StartLine)
		require.False(t, fingerprints[r.PartialFingerprints["consentgate/v1"]])
		fingerprints[r.PartialFingerprints["consentgate/v1"]] = true
	}
}
