package delivery

import "encoding/json"

// JSON is encoded JSON, for a value that many messages share: it is not frozen
// again, and its size is known. The zero JSON is null.
type JSON struct{ text []byte }

// MakeJSON returns the JSON of a value.
func MakeJSON(v any) (JSON, error) {
	text, err := json.Marshal(v) // escapes <, > and &, so that another Marshal adds nothing
	return JSON{text}, err
}

// MarshalJSON returns the JSON, which must not be changed.
func (j JSON) MarshalJSON() ([]byte, error) {
	if j.text == nil {
		return []byte("null"), nil
	}
	return j.text, nil
}

// Len returns its length in bytes.
func (j JSON) Len() int { return max(len(j.text), len("null")) }
