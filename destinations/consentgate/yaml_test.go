package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/go-consent/segment/destinations"
)

const small = `# The register of the shop.
version: 1
controller: {name: Shop Ltd}

categories:
  - name: analytics   # in Norway, too
    purpose: >
      Statistics about
      our shop
destinations:
  - name: Amplitude
    categories:
      - analytics
    transfers:
      - country: NO
        safeguard: adequate
    owner: "On"
    reviewed: 2026-03-02
`

func load(t *testing.T, text string) (*destinations.Register, error) {
	t.Helper()
	data, err := fromYAML([]byte(text))
	if err != nil {
		return nil, err
	}
	return destinations.Load(bytes.NewReader(data))
}

func TestYAMLIsReadAsItIsWritten(t *testing.T) {
	r, err := load(t, small)
	require.NoError(t, err)
	e := r.Destinations[0]
	require.Equal(t, "NO", e.Transfers[0].Country)
	require.Equal(t, "On", e.Owner)
	require.Equal(t, "2026-03-02", e.Reviewed.Format("2006-01-02"))
	require.Equal(t, "Statistics about our shop\n", r.Categories[0].Purpose)
	require.Equal(t, 15, r.Line("destinations[0].transfers[0].country"))
	require.Equal(t, 18, r.Line("destinations[0].reviewed"))
}

func TestMistakesAreAtTheLineOfTheYAML(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":       {"    owner:", "    ownr:", "line 17: destinations[0].ownr: there is no such key"},
		"a key twice":       {"    owner: \"On\"", "    owner: \"On\"\n    owner: Off", "line 18: destinations[0].owner: is there twice, first in line 17"},
		"another type":      {"version: 1", "version: one", "line 2: version: is not 1"},
		"a number":          {"owner: \"On\"", "owner: 7", "line 17: destinations[0].owner: is a number"},
		"a fraction":        {"version: 1", "version: 1.0", "line 2: version: is not 1"},
		"null":              {"owner: \"On\"", "owner:", "line 17: destinations[0].owner: is null"},
		"no such category":  {"      - analytics", "      - Analytics", "line 13: destinations[0].categories[0]: there is no category"},
		"an alias":          {"owner: \"On\"", "owner: &x On\n    reviewer: *x", "line 17: anchors and aliases are not taken"},
		"a tag":             {"owner: \"On\"", "owner: !!str 7", "line 17: tags are not taken"},
		"a merge":           {"    owner: \"On\"", "    <<: {owner: On}", "line 17: this is no plain key"},
		"no YAML":           {"controller: {", "controller: {{", "line 2: did not find expected"},
		"a second document": {"# The", "---\na: 1\n---\n# The", "a second document follows"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, small, c.old)
			_, err := load(t, strings.Replace(small, c.old, c.new, 1))
			require.ErrorIs(t, err, destinations.ErrRegister)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := load(t, "")
	require.ErrorIs(t, err, destinations.ErrRegister)
}

// The sample in YAML says the same, and the command reports the same about it.
func TestTheSampleAsYAML(t *testing.T) {
	g := newGate(t)
	var document any
	require.NoError(t, json.Unmarshal([]byte(g.read("register.json")), &document))
	text, err := yaml.Marshal(document)
	require.NoError(t, err)
	g.write("register.yaml", string(text))
	require.NoError(t, os.Remove("register.json"))
	status, stdout, stderr := g.run("check", "-register", "register.yaml")
	require.Equal(t, passed, status, stdout+stderr)

	status, converted, stderr := g.run("json", "-register", "register.yaml")
	require.Equal(t, passed, status, stderr)
	asJSON, err := json.Marshal(document)
	require.NoError(t, err)
	require.JSONEq(t, string(asJSON), converted)

	g.write("register.yaml", strings.Replace(string(text), "owner: Product Analytics", "ownr: Product Analytics", 1))
	line := strings.Count(string(text)[:strings.Index(string(text), "owner: Product Analytics")], "\n") + 1
	_, stdout, _ = g.run("check", "-register", "register.yaml")
	status, _, stderr = g.run("json", "-register", "register.yaml")
	require.Equal(t, unknown, status)
	require.Contains(t, stderr, "ownr: there is no such key")
	require.Contains(t, stdout, "register.yaml:"+strconv.Itoa(line)+": destinations[")
}

func FuzzYAML(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("a: &x [*x]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		converted, err := fromYAML(data)
		if err != nil {
			require.ErrorIs(t, err, destinations.ErrRegister)
			return
		}
		require.True(t, json.Valid(converted), "%q", converted)
	})
}
