package preferences

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// parseJSON reads {"categories": {NAME: BOOL}, "destinations": {NAME: BOOL}}. Package
// json would accept keys in other casings, and the last of two equal keys.
func parseJSON(body []byte, known vocabulary) (given, *refusal) {
	g := newGiven()
	if !utf8.Valid(body) || !json.Valid(body) {
		return g, wrong("The answer is not JSON in UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	sections := make(map[string]bool)
	problem := members(d, func(key string) *refusal {
		if sections[key] {
			return wrong(reasonTwice)
		}
		sections[key] = true
		var put func(string, bool, vocabulary) *refusal
		switch key {
		case "categories":
			put = g.addCategory
		case "destinations":
			put = g.addDestination
		default:
			return wrong(reasonField)
		}
		return members(d, func(name string) *refusal {
			granted, ok := next(d).(bool)
			if !ok {
				return wrong(reasonBoolean)
			}
			return put(name, granted, known)
		})
	})
	if problem == nil && g.isEmpty() {
		problem = wrong(reasonEmpty)
	}
	return g, problem
}

// members reads an object up to the first problem, and calls a function to read each
// value.
func members(d *json.Decoder, value func(name string) *refusal) *refusal {
	if next(d) != json.Delim('{') {
		return wrong("The answer is not an object of objects.")
	}
	for d.More() {
		name, _ := next(d).(string) // nothing else can be there
		if problem := value(name); problem != nil {
			return problem
		}
	}
	next(d)
	return nil
}

// next returns the next token of a document that is known to be valid.
func next(d *json.Decoder) json.Token {
	token, _ := d.Token()
	return token
}
