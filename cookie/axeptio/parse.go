package axeptio

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-consent/segment/cookie"
)

var (
	errObject = fmt.Errorf("%w: the cookie of Axeptio is not a JSON object", cookie.ErrMalformed)
	errNone   = fmt.Errorf("%w: the cookie of Axeptio has an answer without a service", cookie.ErrMalformed)
	errAnswer = fmt.Errorf("%w: the cookie of Axeptio has an answer that is not true or false", cookie.ErrMalformed)
)

// An Answer is the content of the cookie.
type Answer struct {
	Completed   bool // the visitor has answered
	Services    map[string]bool
	Given       time.Time // or the zero Time
	VersionName string    // of the configuration that the visitor was shown
	VersionID   string
}

// Parse reads the value of the cookie, in time and memory linear in its length. A value
// that is not a JSON object, has an answer other than true and false, or is completed
// without any, is an error that wraps [cookie.ErrMalformed].
func Parse(value string) (Answer, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(cookie.Unescape(value)), &members) != nil || members == nil {
		return Answer{}, errObject
	}
	a := Answer{Services: make(map[string]bool)}
	for key, member := range members {
		if strings.HasPrefix(key, "$$") {
			a.set(key, member)
			continue
		}
		switch string(member) {
		case "true", "false":
			a.Services[key] = member[0] == 't'
		default:
			return Answer{}, errAnswer
		}
	}
	if a.Completed && len(a.Services) == 0 {
		return Answer{}, errNone
	}
	return a, nil
}

// set reads a member that is not a service. Unknown members are ignored.
func (a *Answer) set(key string, member json.RawMessage) {
	switch key {
	case "$$completed":
		a.Completed = string(member) == "true"
	case "$$date":
		var date string
		if json.Unmarshal(member, &date) == nil {
			a.Given, _ = time.Parse(time.RFC3339, date)
		}
	case "$$cookiesVersion":
		var version struct{ Name, Identifier string }
		if json.Unmarshal(member, &version) == nil {
			a.VersionName, a.VersionID = version.Name, version.Identifier
		}
	}
}
