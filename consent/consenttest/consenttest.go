// Package consenttest helps to test that an application's events go where the visitor allows.
//
// A [Recorder] takes the place of Segment, and tells which destinations would have
// received an event:
//
//	func TestPurchaseStaysOutOfAmplitude(t *testing.T) {
//		var recorder consenttest.Recorder
//		buy(consent.New(&recorder, policy, nil).For(consenttest.Context(t, consenttest.Deny("analytics"))))
//		recorder.RequireReached(t, "Amplitude", 0)
//	}
//
// A test of what must not happen passes when nothing happens at all, or when it looks
// in the wrong place. So every Require method fails if nothing was tracked, and if it is
// asked about a destination that the policy does not know by exactly that name.
//
// # Which helper for which worry
//
//	an event of a request reaches what the visitor denied      Run, with the Visitors of a Site or a Platform
//	a request loses the visitor's answer (no middleware)       Run
//	one visitor gets the answer of another                     Run; RunAtOnce for requests at the same time
//	a worker, import, webhook or admin uses a wrong answer     RequireHonoured, with the Answers of all users
//	an event follows after the answer was withdrawn            RequireHonoured, after Recorder.Reset
//	one function sends to the right destinations               Recorder.RequireReached and RequireNotReached
//	the reason of a denial is the visitor's, not a default     Recorder.RequireDenied, RequireSuppressed
//	a client sends to Segment around the library               Guard; RequireHonoured from a fake of segmenttest
//	a wrapper or a DefaultContext changes what was decided     RequireHonoured
//	a CDN shows one visitor's page to another                  RequireNotShared
//	the workspace has a destination that the policy lacks      RequireListed
//	the policy has a name that the workspace lacks             RequireKnownNames of segmenttest
//	nobody reviews who gets to see what                        Run with a Golden file
//	a policy or a source of your own breaks the rules          package conformance
//
// They do not look at the traits and properties of a message, at pages that the application
// itself caches for everybody, or at tags that a browser loads by itself.
//
// Every failure says what reached whom, by which answer it was decided, the lines that
// enqueued it where they are known, and a cure. The example in examples/testing has more
// than fifty bugs, with the failure of each.
//
// Package segmenttest has a fake of Segment that real clients send to. Package
// conformance tests policies and sources of your own.
//
// The package imports testing, and is for tests alone.
package consenttest

import (
	"context"
	"testing"

	"github.com/go-consent/segment/consent"
)

// Grant returns the State of a visitor who granted the categories and said nothing
// about others. It panics without a name, so that an empty list that a test computes does
// not look like a grant. To grant everything, use [consent.All].
func Grant(categories ...string) consent.State {
	return state("Grant", categories, true)
}

// Deny returns the State of a visitor who denied the categories and said nothing about
// others. Like Grant, it panics without a name: see [consent.All].
// [consent.State.Restrict] joins what Grant and Deny return.
func Deny(categories ...string) consent.State {
	return state("Deny", categories, false)
}

func state(function string, categories []string, granted bool) consent.State {
	if len(categories) == 0 {
		panic("consenttest: " + function + " without a category; for every category there are " +
			"consent.All(consent.Granted) and consent.All(consent.Denied)")
	}
	answers := make(map[string]bool, len(categories))
	for _, category := range categories {
		if category == "" {
			panic("consenttest: " + function + " of a category without a name")
		}
		answers[category] = granted
	}
	return consent.NewState(answers)
}

// Context returns the context of t with s in it, as the middleware package passes it to a
// handler.
func Context(t testing.TB, s consent.State) context.Context {
	return consent.NewContext(t.Context(), s)
}
