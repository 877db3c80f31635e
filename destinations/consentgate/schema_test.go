package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("../register.schema.json")
	require.NoError(t, err)
	defer f.Close()
	document, err := jsonschema.UnmarshalJSON(f)
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("register.schema.json", document))
	s, err := c.Compile("register.schema.json")
	require.NoError(t, err)
	return s
}

// Mistakes that Load refuses and a schema cannot express: names that exist nowhere or in two
// places, and dates in the wrong order.
var beyondSchemas = []string{
	"there is no category", "there is no regime", "there are two of the", "is a name of", "is a key of Segment's own",
	"is before the last review", "is strictly necessary in one regime and not in another",
}

// agree fails if Load and the schema differ about the form of a document.
func agree(t *testing.T, s *jsonschema.Schema, data []byte) (accepted bool) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	schemaErr := s.Validate(document)
	_, loadErr := destinations.Load(bytes.NewReader(data))
	if schemaErr != nil {
		require.Error(t, loadErr, "the schema refuses, and Load takes\n%s\n%v", data, schemaErr)
		return false
	}
	for _, m := range destinations.Mistakes(loadErr) {
		require.True(t, slices.ContainsFunc(beyondSchemas, func(phrase string) bool { return strings.Contains(m.Problem, phrase) }),
			"the schema takes, and Load refuses\n%s\n%v", data, m)
	}
	return loadErr == nil
}

func TestLoadTakesWhatTheSchemaTakes(t *testing.T) {
	s := schema(t)
	sample, err := os.ReadFile(sampleRegister)
	require.NoError(t, err)
	require.True(t, agree(t, s, sample))

	var document map[string]any
	require.NoError(t, json.Unmarshal(sample, &document))
	all := document["destinations"].([]any)
	document["destinations"] = []any{all[0], all[22], all[26]}
	document["approvals"] = document["approvals"].([]any)[:1]
	everyKey(document)
	accepted, refused := 0, 0
	m := mutator{try: func() {
		data, err := json.Marshal(document)
		require.NoError(t, err)
		if agree(t, s, data) {
			accepted++
		} else {
			refused++
		}
	}}
	m.mutate(document)
	require.Greater(t, accepted, 200)
	require.Greater(t, refused, 800)
	t.Logf("%d documents: %d accepted, %d refused", accepted+refused, accepted, refused)
}

// everyKey adds the keys that the sample does not use.
func everyKey(document map[string]any) {
	party := map[string]any{"name": "Shop Ltd", "address": "1 Street", "contact": "x@shop.example"}
	document["jointControllers"] = []any{party}
	document["representative"] = party
	document["optOut"], document["imply"], document["allowUnlisted"] = false, false, true
	first := document["destinations"].([]any)[0].(map[string]any)
	first["aliases"] = []any{"Amplitude Classic"}
	first["sensitiveData"] = []any{"none"}
	first["security"] = "two factors\nand logs"
	first["audiences"], first["automatedDecisions"] = true, false
	document["segment"].(map[string]any)["security"] = "ISO 27001"
	first["vendor"].(map[string]any)["address"] = "2 Street"
	first["vendor"].(map[string]any)["contact"] = "y"
}

// values stand in for each value of a document in turn.
var values = []any{
	nil, true, 1.0, 2.0, "", " ", "x", "a\u0000b", "a\nb", "a\u007f", "\u00e9", "US", "us", "2026-02-29", "2028-02-29", "0123456789abcdef",
	"strictlyNecessary", "legitimateInterest", "processor", strings.Repeat("é", 200), strings.Repeat("é", 201), strings.Repeat("x", 4001),
	[]any{}, []any{"analytics"}, []any{"analytics", 1.0}, []any{"1", "2", "3", "4", "5", "6"}, map[string]any{}, map[string]any{"name": "x"},
	[]any{map[string]any{"name": "x"}}, map[string]any{"kind": "optOut"},
}

// A mutator tries a document with each value replaced by others, with each key removed, and with
// a key added.
type mutator struct {
	try  func()
	next int
}

func (m *mutator) replace(set func(any)) {
	for range 5 {
		set(values[m.next%len(values)])
		m.next++
		m.try()
	}
}

func (m *mutator) mutate(v any) {
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		for _, key := range keys {
			kept := v[key]
			delete(v, key)
			m.try()
			m.replace(func(other any) { v[key] = other })
			v[key] = kept
			m.mutate(kept)
		}
		v["unknown"] = "x"
		m.try()
		delete(v, "unknown")
	case []any:
		for i, kept := range v {
			m.replace(func(other any) { v[i] = other })
			v[i] = kept
			m.mutate(kept)
		}
	}
}
