package mparticle

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
)

// The limits of mParticle, as its page of default service limits has them. It counts
// characters; one outside the basic plane counts as two here.
const (
	maxAttributes = 100  // of an event, and of a user in a batch
	maxName       = 256  // of an event or an attribute
	maxValue      = 4096 // of an attribute
	maxList       = 1000 // entries of a list
	maxListEntry  = 512
	maxBatch      = 128_000 // bytes
	maxRequest    = 256_000 // likewise
	maxBatches    = 100     // in a request
	maxEvents     = 100     // likewise, in all of its batches
	batchOverhead = 200     // bytes, of what joins the parts of a batch
)

// attributes are plain JSON by name.
type attributes map[string]json.RawMessage

// scalars returns properties as attributes without lists.
func scalars(properties map[string]any) (attributes, error) { return attributesOf(properties, false) }

// lists returns traits as attributes, which may be lists of scalars.
func lists(traits map[string]any) (attributes, error) { return attributesOf(traits, true) }

func attributesOf(values map[string]any, withLists bool) (attributes, error) {
	if len(values) > maxAttributes {
		return nil, fmt.Errorf("%w: more than %d attributes", ErrLimit, maxAttributes)
	}
	out := make(attributes, len(values))
	for name, value := range values {
		switch {
		case !utf8.ValidString(name):
			return nil, fmt.Errorf("%w: the name of an attribute is not UTF-8", consent.ErrNoJSON)
		case characters(name) > maxName:
			return nil, fmt.Errorf("%w: the name of an attribute has more than %d characters", ErrLimit, maxName)
		}
		text, err := marshal(value)
		if err != nil {
			return nil, err
		}
		if out[name], err = attribute(text, withLists); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// marshal returns the JSON of a value of the application's.
func marshal(value any) (text []byte, err error) {
	defer func() {
		if recover() != nil || err != nil {
			text, err = nil, fmt.Errorf("%w: a %T", consent.ErrNoJSON, value)
		}
	}()
	return json.Marshal(value)
}

// attribute returns a value as mParticle takes it.
func attribute(text []byte, withLists bool) (json.RawMessage, error) {
	switch text[0] {
	case '[':
		if withLists {
			if ok, err := list(text); ok {
				return text, err
			}
		}
		return quoted(text)
	case '{':
		return quoted(text)
	case '"':
		return text, within(text, maxValue)
	default:
		return text, nil
	}
}

// quoted returns JSON as a string.
func quoted(text []byte) (json.RawMessage, error) {
	out, err := json.Marshal(string(text))
	if err != nil {
		return nil, err
	}
	return out, within(out, maxValue)
}

// list checks a list of scalars, and returns false if it is another one.
func list(text []byte) (ok bool, err error) {
	var entries []json.RawMessage
	if json.Unmarshal(text, &entries) != nil {
		return false, nil
	}
	for _, entry := range entries {
		if entry[0] == '[' || entry[0] == '{' || entry[0] == 'n' {
			return false, nil
		}
	}
	if len(entries) > maxList {
		return true, fmt.Errorf("%w: a list of more than %d entries", ErrLimit, maxList)
	}
	for _, entry := range entries {
		if err := within(entry, maxListEntry); err != nil {
			return true, err
		}
	}
	return true, nil
}

// within returns an error for a JSON string with more characters.
func within(text []byte, limit int) error {
	if len(text) <= limit { // it is no longer than its JSON
		return nil
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%w: a string that cannot be read", consent.ErrNoJSON)
	}
	if characters(s) > limit {
		return fmt.Errorf("%w: a value of more than %d characters", ErrLimit, limit)
	}
	return nil
}

// characters returns how many a string has, in UTF-16.
func characters(s string) (n int) {
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
