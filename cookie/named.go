package cookie

import (
	"time"

	"github.com/go-consent/segment/consent"
)

// Categories returns the answers for a platform's ids under the names of the site's
// categories. An id that is not in names is a category of its own name. A category of
// several ids is granted if all of them are, and denied if one of them is denied or has no
// answer while another has one, so names must list no id that the platform never answers.
// If there is any answer, the result is not empty.
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
// destinations, as [Categories] does, except that vendors not in names are left out. It is
// nil, so that nobody counts as asked by destination, if either map is empty.
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

// add adds the answer for one of the ids with that name.
func add(named map[string]bool, name string, granted bool) {
	if before, ok := named[name]; ok {
		granted = granted && before
	}
	named[name] = granted
}

// allAnswered denies names that have another id without an answer.
func allAnswered(named, answers map[string]bool, names map[string]string) map[string]bool {
	for id, name := range names {
		if _, ok := answers[id]; !ok && named[name] {
			named[name] = false
		}
	}
	return named
}

// Expire returns s, or only its denials if it was given more than maxAge before now: an
// old grant no longer counts, but a denial does. A maxAge of 0 is no limit. With a limit,
// an answer of unknown date, the zero Time, is too old.
func Expire(s consent.State, given time.Time, maxAge time.Duration, now time.Time) consent.State {
	if maxAge > 0 && now.Sub(given) > maxAge {
		return s.Denials()
	}
	return s
}
