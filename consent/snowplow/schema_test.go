package snowplow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// schemas returns a validator for the schemas of testdata, whose README says what they are. A
// schema that it lacks is an error, but for those of com.example.
func schemas(t testing.TB) func(schema string, data []byte) error {
	t.Helper()
	compiled := make(map[string]*jsonschema.Schema)
	text, err := os.ReadFile("testdata/schemas.json")
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, json.Unmarshal(text, &all))
	for name, schema := range all {
		compiler := jsonschema.NewCompiler()
		compiler.DefaultDraft(jsonschema.Draft4)
		compiler.AssertFormat()
		require.NoError(t, compiler.AddResource("https://iglu.example/"+name, schema))
		compiled[name], err = compiler.Compile("https://iglu.example/" + name)
		require.NoError(t, err)
	}
	var mu sync.Mutex
	return func(schema string, data []byte) error {
		name := strings.TrimPrefix(schema, "iglu:")
		known := compiled[name]
		if known == nil && strings.HasPrefix(name, "com.example/") {
			return nil
		}
		if known == nil {
			return fmt.Errorf("there is no schema %s", name)
		}
		var value any
		if err := json.Unmarshal(data, &value); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		return known.Validate(value)
	}
}
