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
// With the requests of a [Site]'s visitors, [Run] does so for a handler and every
// cookie that is known to exist. A [Segment] is the other end: a fake of Segment on the
// loopback interface, which real clients send to, and which can be made to fail.
//
// [TestPolicy] and [TestSource] hold a policy or a source of one's own against the rules
// that this library relies on. [Guard] finds a client that sends around the library.
//
// The package imports testing, and is for tests alone.
package consenttest

import (
	"context"
	"testing"

	"github.com/go-consent/segment/consent"
)

// Grant returns the State of a visitor who granted the categories and said nothing
// of others. Without categories everything is granted.
func Grant(categories ...string) consent.State { return state(categories, consent.Granted) }

// Deny returns the State of a visitor who denied the categories and said nothing of
// others. Without categories everything is denied, as for a request that could not
// be read. [consent.State.Restrict] joins what Grant and Deny return.
func Deny(categories ...string) consent.State { return state(categories, consent.Denied) }

func state(categories []string, c consent.Choice) consent.State {
	if len(categories) == 0 {
		return consent.All(c)
	}
	answers := make(map[string]bool, len(categories))
	for _, category := range categories {
		answers[category] = c == consent.Granted
	}
	return consent.NewState(answers)
}

// Context returns the context of t with s in it, as the middleware package leaves
// it to a handler.
func Context(t testing.TB, s consent.State) context.Context {
	return consent.NewContext(t.Context(), s)
}
