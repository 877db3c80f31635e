package iubenda

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-consent/segment/cookie"
)

var (
	errObject   = fmt.Errorf("%w: the cookie of iubenda is not a JSON object", cookie.ErrMalformed)
	errAnswer   = fmt.Errorf("%w: the cookie of iubenda has a purpose that is neither true nor false", cookie.ErrMalformed)
	errPolicies = fmt.Errorf("%w: cookies of too many policies of iubenda", cookie.ErrMalformed)
)

// An Answer is the content of the cookie.
type Answer struct {
	Purposes map[string]bool // by the number of a purpose, or All; empty without an answer
	Given    time.Time       // or the zero Time
}

// Parse reads the value of the cookie, in time and memory linear in its length. A value
// that is not a JSON object, or has an answer other than true and false, is an error
// that wraps [cookie.ErrMalformed].
func Parse(value string) (Answer, error) {
	var document *struct {
		Timestamp string           `json:"timestamp"`
		Purposes  map[string]*bool `json:"purposes"`
		Consent   *bool            `json:"consent"`
	}
	if json.Unmarshal([]byte(cookie.Unescape(value)), &document) != nil || document == nil {
		return Answer{}, errObject
	}
	a := Answer{Purposes: make(map[string]bool)}
	for id, granted := range document.Purposes {
		if granted == nil {
			return Answer{}, errAnswer
		}
		a.Purposes[id] = *granted
	}
	// With purposes, consent is false if the visitor refused one.
	if document.Consent != nil && len(a.Purposes) == 0 {
		a.Purposes[All] = *document.Consent
	}
	if given, err := time.Parse(time.RFC3339, document.Timestamp); err == nil {
		a.Given = given
	}
	return a, nil
}
