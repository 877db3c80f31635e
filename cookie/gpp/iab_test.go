package gpp_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie/gpp"
	"github.com/go-consent/segment/internal/iab"
)

// A record is a string of the IAB's own encoder, and what the IAB's decoder says about it.
type record struct {
	Value    string                    `json:"value"`
	IDs      []int                     `json:"ids"`
	Raw      map[string]string         `json:"raw"`
	Sections map[string]map[string]any `json:"sections"`
}

func TestParseReadsWhatTheIABEncodes(t *testing.T) {
	lines, err := os.ReadFile("testdata/iab.jsonl")
	require.NoError(t, err)
	require.Equal(t, 300, agree(t, lines))
}

func TestParseAgreesWithTheIABAboutRandomStrings(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 seconds of Node")
	}
	const states = 10_000
	lines, err := iab.Run(t.Context(), "gpp.mjs", "7", strconv.Itoa(states))
	if errors.Is(err, iab.ErrAbsent) && !iab.Required() {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Equal(t, states, agree(t, lines))
}

// agree compares every line with what this package reads, and returns the number of lines.
func agree(t *testing.T, lines []byte) (n int) {
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	scanner.Buffer(nil, 1<<20)
	for ; scanner.Scan(); n++ {
		var r record
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &r))
		s, err := gpp.Parse(r.Value)
		require.NoError(t, err, r.Value)
		require.Equal(t, r.IDs, ids(s), r.Value)
		for _, section := range s.Sections() {
			require.Equal(t, r.Raw[section.Name()], section.Value(), r.Value)
			requireFields(t, r.Sections[section.Name()], section)
		}
		state, err := gpp.Source{Skip: []int{2, 5}}.Decode(r.Value)
		require.NoError(t, err, r.Value)
		require.Equal(t, consent.NewState(r.optOuts()), state, r.Value)
	}
	require.NoError(t, scanner.Err())
	return n
}

func ids(s gpp.String) []int {
	ids := []int{}
	for _, section := range s.Sections() {
		ids = append(ids, section.ID())
	}
	return ids
}

// requireFields compares all fields of a section that is not a TC string.
func requireFields(t *testing.T, want map[string]any, section gpp.Section) {
	t.Helper()
	for name, value := range want {
		if name == "GpcSegmentType" {
			require.EqualValues(t, 1, value)
			continue
		}
		require.Equal(t, values(value), section.Field(name), "%s of %s", name, section.Value())
	}
	for _, name := range []string{"Gpc", "SensitiveDataProcessing", "SharingOptOut", "OptOutSale", "SaleOptOut"} {
		_, has := want[name]
		require.Equal(t, has, section.Field(name) != nil, "%s of %s", name, section.Value())
	}
}

// values converts values of JavaScript to those that Field returns.
func values(v any) []int {
	switch v := v.(type) {
	case bool:
		if v {
			return []int{1}
		}
		return []int{0}
	case float64:
		return []int{int(v)}
	case string:
		return []int{strings.Index("-YN", v)}
	case []any:
		var all []int
		for _, one := range v {
			all = append(all, values(one)...)
		}
		return all
	default:
		panic(fmt.Sprintf("%T", v))
	}
}

// optOuts are the denials that a Source has to report, found in what the IAB decoded.
func (r record) optOuts() map[string]bool {
	denied := map[string]bool{}
	for _, fields := range r.Sections {
		for field, id := range map[string]string{
			"SaleOptOut": "sale", "SharingOptOut": "sharing", "TargetedAdvertisingOptOut": "targeted_advertising",
		} {
			if fields["Gpc"] == true || fields[field] == 1. {
				denied[id] = false
			}
		}
		if fields["OptOutSale"] == "Y" {
			denied["sale"] = false
		}
		kinds, _ := fields["SensitiveDataProcessing"].([]any)
		for i, kind := range kinds {
			if kind == 1. {
				denied[fmt.Sprintf("sensitive_data_%d", i+1)] = false
			}
		}
	}
	return denied
}
