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
// With the requests of a [Site]'s visitors, [Run] tests a handler against every cookie
// that is known to exist. [Platform] has the visitors of other consent platforms, such as
// OneTrust. [Guard] finds a client that sends around the library.
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
// of others. It panics without a name: an empty list that a test computes must not
// grant everything. For that there is [consent.All].
func Grant(categories ...string) consent.State {
	return state("Grant", categories, true)
}

// Deny returns the State of a visitor who denied the categories and said nothing of
// others. Like Grant it panics without a name: see [consent.All].
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

// Context returns the context of t with s in it, as the middleware package leaves
// it to a handler.
func Context(t testing.TB, s consent.State) context.Context {
	return consent.NewContext(t.Context(), s)
}
