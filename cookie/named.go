package cookie

import (
	"time"

	"github.com/go-consent/segment/consent"
)

// Categories returns the answers for a platform's ids under the names of the site's
// categories. An id that names does not have is a category of its own name. A category
// of several ids is granted if all of them are, and denied if one of them is denied or has
// no answer while another has one, so names lists no id that the platform never answers.
// Whoever answered anything has an answer here.
func Categories(answers map[string]bool, names map[string]string) map[string]bool {
	categories := make(map[string]bool, len(answers))
	for id, granted := range answers {
		name, ok := names[id]
		if !ok {
			name = id
		}
		add(categories, name, granted)
	}
	return allAnswered(categories, answers, names)
}

// Destinations returns the answers for a platform's vendors under the names of
// destinations, as [Categories] does, but for a vendor that names does not have, which is
// left out. It is nil, which says that nobody was asked by destination, if either map is
// empty.
func Destinations(answers map[string]bool, names map[string]string) map[string]bool {
	if len(answers) == 0 || len(names) == 0 {
		return nil
	}
	destinations := make(map[string]bool, len(names))
	for id, name := range names {
		if granted, ok := answers[id]; ok {
			add(destinations, name, granted)
		}
	}
	return allAnswered(destinations, answers, names)
}

// add adds the answer for one of the ids that have that name.
func add(named map[string]bool, name string, granted bool) {
	if before, ok := named[name]; ok {
		granted = granted && before
	}
	named[name] = granted
}

// allAnswered denies what a further id of that name would have to agree to.
func allAnswered(named, answers map[string]bool, names map[string]string) map[string]bool {
	for id, name := range names {
		if _, ok := answers[id]; !ok && named[name] {
			named[name] = false
		}
	}
	return named
}

// Expire returns s, or its denials alone if the visitor gave it more than maxAge before
// now: an old grant no longer counts, and nobody took a denial back. A maxAge of 0 is no
// limit. With a limit, an answer of unknown date, the zero Time, is too old.
func Expire(s consent.State, given time.Time, maxAge time.Duration, now time.Time) consent.State {
	if maxAge > 0 && now.Sub(given) > maxAge {
		return s.Denials()
	}
	return s
}
