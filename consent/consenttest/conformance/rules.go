package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-consent/segment/consent"
)

// A rule is one that a subject has to keep, and why.
type rule[S any] struct {
	name, why string

	// broken returns how the subject breaks the rule, or "". Each call of its argument makes a
	// new subject.
	broken func(newSubject func() S) string
}

// check reports every rule that is broken. A panic breaks the rule.
func check[S any](t testing.TB, what string, rules []rule[S], newSubject func() S) {
	t.Helper()
	for _, r := range rules {
		if how := r.hold(newSubject); how != "" {
			t.Errorf("conformance: the %s breaks a rule: %s\n\thow: %s\n\twhy it is one: %s", what, r.name, how, r.why)
		}
	}
}

func (r rule[S]) hold(newSubject func() S) (how string) {
	defer func() {
		if p := recover(); p != nil {
			how = fmt.Sprintf("a panic with a %T", p)
		}
	}()
	return r.broken(newSubject)
}

// concurrently calls f on several goroutines, and returns how the results differ from
// the one that it should return, or "".
func concurrently(want string, f func() string) string {
	const goroutines = 8
	results := make([]string, goroutines)
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					results[i] = fmt.Sprintf("a panic with a %T", p)
				}
			}()
			results[i] = f()
		})
	}
	wg.Wait()
	for _, got := range results {
		if got != want {
			return fmt.Sprintf("one of several goroutines got %s, and it should be %s", got, want)
		}
	}
	return ""
}

// grants returns what a State grants, each as a line to compare.
func grants(s consent.State) (granted []string) {
	for name, ok := range s.Categories() {
		if ok {
			granted = append(granted, "the category "+name)
		}
	}
	for name, ok := range s.Destinations() {
		if ok {
			granted = append(granted, "the destination "+name)
		}
	}
	if s.Rest() == consent.Granted {
		granted = append(granted, "everything else")
	}
	return granted
}

// beyond returns what is in got and not in limit.
func beyond(got, limit []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return slices.Contains(limit, s) }), ", ")
}
