package consenttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// preferences are the document in the cookie of the Consent Manager. It is implemented here a
// second time, since visitors that the cookie package makes would prove little in the tests of
// that package.
type preferences struct {
	destinations, custom map[string]bool // nil: absent
}

// version02 is the form of the releases before 0.3, which had no categories and a
// destination of their own for what was to be decided.
func (p preferences) version02() preferences {
	destinations := map[string]bool{"_tbd": true}
	maps.Copy(destinations, p.destinations)
	return preferences{destinations: destinations}
}

// withoutDestinations is what a site saves whose destinations could not be loaded.
func (p preferences) withoutDestinations() preferences {
	return preferences{destinations: map[string]bool{}, custom: p.custom}
}

func (p preferences) json() string {
	var b strings.Builder
	b.WriteString(`{"version":1`)
	for _, section := range []struct {
		name    string
		answers map[string]bool
	}{{"destinations", p.destinations}, {"custom", p.custom}} {
		if section.answers == nil {
			continue
		}
		fmt.Fprintf(&b, `,"%s":{`, section.name)
		for i, name := range slices.Sorted(maps.Keys(section.answers)) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%s:%t", quote(name), section.answers[name])
		}
		b.WriteByte('}')
	}
	return b.String() + "}"
}

// quote writes a string as JSON.stringify does.
func quote(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic("consenttest: " + err.Error()) // a string has a JSON form
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// value is the document as js-cookie 2 writes it.
func (p preferences) value() string {
	return escape(p.json(), "!#$&'()*+-./:<=>?@[]^_`{|}~")
}

func (p preferences) cookie() string { return cookieName + "=" + p.value() }

// escape writes all bytes but letters, digits and the safe ones as %XX.
func escape(s, safe string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
