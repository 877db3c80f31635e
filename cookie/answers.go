package cookie

import (
	"encoding/json"
	"net/http"

	"github.com/go-consent/segment/consent"
)

// Answers reads a cookie that holds only an answer for each of a platform's ids. Only Parse
// must be set.
type Answers struct {
	// Parse reads the raw value, as [ParseAnswers] does. An empty result means that there
	// is no answer yet.
	Parse func(value string) (map[string]bool, error)

	// Names are the site's categories by the platform's ids; see [Categories].
	Names map[string]string

	// Categories are all categories of the site; see [Complete].
	Categories []string

	// Asked, if not empty, are the ids that the site asks about now. Only the denials of an
	// answer that lacks one count.
	Asked []string
}

// Read returns the answer in the request's cookies of that name, as the function [Read]
// does.
func (a Answers) Read(r *http.Request, name string) (consent.State, error) {
	return Read(r, name, func(value string) (consent.State, error) {
		answers, err := a.Parse(value)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		state := consent.NewState(Categories(answers, a.Names))
		for _, id := range a.Asked {
			if _, answered := answers[id]; !answered {
				state = state.Denials()
				break
			}
		}
		return Complete(state, a.Categories), nil
	})
}

// ParseAnswers reads a value that is a JSON object of booleans, percent-encoded or not, as
// several platforms write it. null is false, and of a repeated name the last value counts,
// as in JavaScript. Anything else, and an empty object, is an error that wraps
// [ErrMalformed].
func ParseAnswers(value string) (map[string]bool, error) {
	var answers map[string]bool
	if json.Unmarshal([]byte(Unescape(value)), &answers) != nil || len(answers) == 0 {
		return nil, errAnswers
	}
	return answers, nil
}
