// Package adopt reads what a visitor answered in the banner of AdOpt.
//
// # The cookie
//
// AdoptConsent, whose name is fixed, holds the ids of the tags that the visitor opted in to
// and out of, as JSON compressed by lz-string and encoded as base64. It is written when the
// visitor answers. AdoptVisitorId beside it is an id, not an answer.
//
// # Answers that are out of date
//
// MaxAge refuses answers by the time in the cookie: only the denials of a refused answer
// count.
//
// # What it cannot see
//
// If the site uses the IAB's framework (AdOpt is its CMP 430) the TC string is inside this
// cookie. With TCF set it is read too, and a category is then denied if either denies it;
// otherwise it is left alone, and [Parse] returns it.
//
// # Names
//
// The ids of tags are opaque, as in 4f1c0a6e-0d2b-4a3c-9e55-1b7d5a0f0001: a site lists its own
// in Services. A tag in both lists of the cookie is denied.
//
//	for example                           in AdOpt's console  category
//	4f1c0a6e-0d2b-4a3c-9e55-1b7d5a0f0001  Google Analytics    analytics
//	4f1c0a6e-0d2b-4a3c-9e55-1b7d5a0f0002  Meta Pixel          advertising
//
// # Where the rules come from
//
// Two cookies of live sites, decoded with lz-string 1.5.0, against which this decoder is
// tested. The cookie is not documented.
package adopt

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

var (
	errText = fmt.Errorf("%w: AdoptConsent is not compressed by lz-string, or is too long", cookie.ErrMalformed)
	errJSON = fmt.Errorf("%w: AdoptConsent is not a JSON object with lists of tags", cookie.ErrMalformed)
	errNone = fmt.Errorf("%w: AdoptConsent has no tag", cookie.ErrMalformed)
)

// A Source reads the answer from AdOpt's cookie. The zero Source is ready to use, with the
// ids of the tags as categories. It may be used by many goroutines at once.
type Source struct {
	// Services are the site's categories by the id of a tag. An unlisted tag is a category of
	// its own name. A category of several tags is granted if all of them are.
	Services map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// MaxAge, if not 0, is how long a grant of a tag counts.
	MaxAge time.Duration

	// TCF reads the TC string in the cookie, if there is one; use the Decode of a tcf.Source.
	// Nil: it is not read.
	TCF func(value string) (consent.State, error)
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the visitor
// gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	return s.at(r, time.Now())
}

func (s Source) at(r *http.Request, now time.Time) (consent.State, error) {
	return cookie.Read(r, "AdoptConsent", func(value string) (consent.State, error) {
		a, err := Parse(value)
		if err != nil {
			return consent.NewState(nil), err
		}
		state := consent.NewState(cookie.Categories(a.Tags, s.Services))
		state = cookie.Expire(state, a.Given, s.MaxAge, now)
		if s.TCF != nil && a.TCString != "" {
			answer, err := s.TCF(a.TCString)
			if err != nil {
				return consent.All(consent.Denied), fmt.Errorf("adopt: the TC string: %w", err)
			}
			state = state.Restrict(answer)
		} else if len(a.Tags) == 0 {
			return consent.All(consent.Denied), errNone // an answer must not look like none
		}
		return cookie.Complete(state, s.Categories), nil
	})
}

// An Answer is the content of the cookie.
type Answer struct {
	Tags     map[string]bool // by their ids
	TCString string          // of the IAB's framework, or ""
	Given    time.Time       // or the zero Time
}

// Parse reads the value of the cookie. One that is not compressed by lz-string, that
// decompresses to more than 16 Ki characters, or whose text is not a JSON object with lists of
// tags, is an error that wraps [cookie.ErrMalformed].
func Parse(value string) (Answer, error) {
	text, ok := decompress(cookie.Unescape(value))
	if !ok {
		return Answer{}, errText
	}
	// A map, since its keys are case-sensitive and those of a struct are not.
	var members map[string]json.RawMessage
	var in, out []string
	if json.Unmarshal([]byte(text), &members) != nil ||
		json.Unmarshal(members["optInTags"], &in) != nil || json.Unmarshal(members["optOutTags"], &out) != nil {
		return Answer{}, errJSON
	}
	a := Answer{Tags: make(map[string]bool, len(in)+len(out))}
	for _, tag := range in {
		a.Tags[tag] = true
	}
	for _, tag := range out {
		a.Tags[tag] = false
	}
	if tc := members["tcfString"]; tc != nil && json.Unmarshal(tc, &a.TCString) != nil {
		return Answer{}, errJSON
	}
	var given string
	if json.Unmarshal(members["updatedAt"], &given) == nil {
		a.Given, _ = time.Parse(time.RFC3339, given)
	}
	return a, nil
}
