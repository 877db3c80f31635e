package didomi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-consent/segment/cookie"
)

var errToken = fmt.Errorf("%w: the token of Didomi is not JSON in base64", cookie.ErrMalformed)

// An Answer is the content of the token or the string: true for a purpose or vendor that the
// visitor agreed to, false for one that the visitor refused.
type Answer struct {
	Purposes map[string]bool
	Vendors  map[string]bool
	Updated  time.Time // or the zero Time
}

func (a Answer) answered() bool { return len(a.Purposes)+len(a.Vendors) > 0 }

type lists struct {
	Enabled  []string `json:"enabled"`
	Disabled []string `json:"disabled"`
}

// Parse reads the value of the token, in time and memory linear in its length. A value that
// is not the base64, in either alphabet, of a JSON object is an error that wraps
// [cookie.ErrMalformed].
func Parse(value string) (Answer, error) {
	document, err := decodeBase64(cookie.Unescape(value))
	if err != nil {
		return Answer{}, errToken
	}
	var token *struct {
		Updated    string `json:"updated"`
		Purposes   lists  `json:"purposes"`
		Vendors    lists  `json:"vendors"`
		PurposesLI lists  `json:"purposes_li"`
		VendorsLI  lists  `json:"vendors_li"`
	}
	if json.Unmarshal(document, &token) != nil || token == nil {
		return Answer{}, errToken
	}
	a := Answer{
		Purposes: answers(token.Purposes, token.PurposesLI),
		Vendors:  answers(token.Vendors, token.VendorsLI),
	}
	if updated, err := time.Parse(time.RFC3339, token.Updated); err == nil {
		a.Updated = updated
	}
	return a, nil
}

// answers combines those of the two legal bases. Consent outweighs an objection to
// legitimate interest.
func answers(consented, legitimate lists) map[string]bool {
	m := make(map[string]bool)
	for _, id := range legitimate.Disabled {
		m[id] = false
	}
	for _, id := range consented.Enabled {
		m[id] = true
	}
	for _, id := range consented.Disabled {
		m[id] = false
	}
	return m
}

// decodeBase64 takes either alphabet, with padding and without.
func decodeBase64(value string) ([]byte, error) {
	value = strings.NewReplacer("-", "+", "_", "/").Replace(value)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
}
