package destinations

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint returns the SHA-256 of the policy, in hexadecimal. Two policies have the same one if
// they were compiled from the same tables, in any order. A record of an answer and an event in a
// queue keep it, to say which policy was in force. Another release of this library may return
// another one for the same tables.
func (p *Policy) Fingerprint() string {
	type entry struct {
		Name                string
		Aliases, Categories []string
		Always, ServerOnly  bool
	}
	form := struct {
		Categories                   []string
		Destinations                 []entry
		OptOut, Imply, AllowUnlisted bool
	}{Categories: p.categories, OptOut: p.optOut, Imply: p.imply, AllowUnlisted: p.allowUnlisted}
	for _, d := range p.destinations {
		form.Destinations = append(form.Destinations, entry{d.name, d.aliases, d.categories, d.always, d.serverOnly})
	}
	text, err := json.Marshal(form)
	if err != nil {
		return "" // strings and bools always have JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
