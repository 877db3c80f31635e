package delivery

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"time"
)

// maxNesting bounds the nesting of values in a message: a map may contain itself.
const maxNesting = 100

// Memory of what holds values, roughly.
const (
	messageMemory = 1500 // with a Context
	contextMemory = 256  // its maps
	valueMemory   = 48
)

// A freezer adds up sizes. It keeps the first error and continues.
type freezer struct {
	size   int // of the JSON, at most
	memory int // about
	err    error
}

func (f *freezer) fail(what any) {
	if f.err == nil {
		f.err = fmt.Errorf("%w: a %T", ErrNoJSON, what)
	}
}

// text adds a string, with its quotes and a comma or colon.
func (f *freezer) text(s string) {
	f.size += len(`"",`)
	f.characters(s)
}

// characters adds what is between the quotes: every byte may become \u00xx.
func (f *freezer) characters(s string) {
	f.size += 6 * len(s)
	f.memory += len(s)
}

func (f *freezer) number(n float64) {
	f.size += 32
	if math.IsNaN(n) || math.IsInf(n, 0) {
		f.fail(n)
	}
}

// time adds a time. RFC 3339 has four digits for the year, and offsets below one day.
func (f *freezer) time(t time.Time) {
	f.size += 40
	_, offset := t.Zone()
	if y := t.Year(); y < 0 || y > 9999 || offset <= -24*60*60 || offset >= 24*60*60 {
		f.fail(t)
	}
}

// object returns the map with its values frozen: itself, or a copy if one changed.
func (f *freezer) object(m map[string]any) map[string]any {
	frozen, _ := f.members(m, 0)
	return frozen
}

func (f *freezer) members(m map[string]any, depth int) (frozen map[string]any, changed bool) {
	f.size += len("null,")
	if depth > maxNesting {
		f.fail(m)
		return m, false
	}
	frozen = m
	for name, value := range m {
		f.text(name)
		if v, ok := f.value(value, depth); ok {
			if !changed {
				frozen, changed = maps.Clone(m), true
			}
			frozen[name] = v
		}
	}
	return frozen, changed
}

func (f *freezer) list(l []any, depth int) ([]any, bool) {
	f.size += len("null,")
	if depth > maxNesting {
		f.fail(l)
		return l, false
	}
	var out []any
	for i, value := range l {
		if frozen, changed := f.value(value, depth); changed {
			if out == nil {
				out = append(out, l...)
			}
			out[i] = frozen
		}
	}
	if out == nil {
		return l, false
	}
	return out, true
}

// value freezes a value, and reports whether it had to be replaced. The size it adds
// includes a comma.
func (f *freezer) value(v any, depth int) (any, bool) {
	f.memory += valueMemory
	switch v := v.(type) {
	case nil, bool:
		f.size += len("false,")
	case string:
		f.text(v)
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		f.size += 32
	case float32:
		f.number(float64(v))
	case float64:
		f.number(v)
	case time.Time:
		f.time(v)
	case JSON:
		f.size += v.Len() + len(",")
	case []string:
		f.size += len("null,")
		for _, s := range v {
			f.text(s)
		}
	case map[string]bool:
		f.size += len("null,")
		for name := range v {
			f.text(name)
			f.size += len("false,")
		}
	case map[string]any:
		return f.members(v, depth+1)
	case []any:
		return f.list(v, depth+1)
	default:
		return f.marshal(v), true
	}
	return v, false
}

// marshal encodes a value that may have methods or pointers.
func (f *freezer) marshal(v any) any {
	defer func() {
		if recover() != nil {
			f.fail(v)
		}
	}()
	text, err := json.Marshal(v)
	if err != nil {
		f.fail(v)
	}
	f.size += len(text) + len(",")
	f.memory += len(text)
	if string(text) == "false" {
		return false
	}
	return json.RawMessage(text)
}
