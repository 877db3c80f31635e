package conformance

import (
	"net/http"
	"testing"

	"github.com/go-consent/segment/consent"
)

// A Source reads what the visitor answered from a request, as the Source of the
// middleware package does.
type Source interface {
	Consent(*http.Request) (consent.State, error)
}

// SourceExamples are requests to test a Source with, in its own format.
type SourceExamples struct {
	// Answers are headers that hold an answer, with its State. At least one is needed, and
	// each has to answer something. With one that accepts and one that rejects, more is tested.
	Answers []SourceAnswer

	// Malformed are headers with an answer that cannot be read. At least one is needed.
	Malformed []http.Header
}

// A SourceAnswer is the header of a request, and the State that it holds.
type SourceAnswer struct {
	Header http.Header
	State  consent.State
}

// TestSource tests a custom Source against the rules that the middleware package relies on. It
// reports each rule that the Source breaks, how, and why it is a rule. It calls newSource several
// times; every Source returned has to read the same States.
//
//	func TestBanner(t *testing.T) {
//		conformance.TestSource(t, func() banner { return banner{} }, conformance.SourceExamples{
//			Answers: []conformance.SourceAnswer{{
//				Header: http.Header{"Cookie": {"banner=yes"}},
//				State:  consent.NewState(map[string]bool{"analytics": true}),
//			}},
//			Malformed: []http.Header{{"Cookie": {"banner=maybe"}}},
//		})
//	}
func TestSource[S Source](t testing.TB, newSource func() S, examples SourceExamples) {
	t.Helper()
	if len(examples.Answers) == 0 || len(examples.Malformed) == 0 {
		t.Fatalf("conformance: TestSource needs an answer and a malformed request to test with")
	}
	for _, a := range examples.Answers {
		if !a.State.Answered() {
			t.Fatalf("conformance: the example %v holds no answer, but %s, of which nothing follows", a.Header, a.State)
		}
	}
	check(t, "source", examples.rules(), func() Source { return newSource() })
}

func (e SourceExamples) rules() []rule[Source] {
	return []rule[Source]{
		{"an answer is read as what it is", "these are the examples", e.answersAreRead},
		{
			"a request without an answer is NewState(nil), without an error",
			"nobody has answered yet: it is for the policy to say what that means, and for the Default to be asked",
			e.silenceIsZero,
		}, {
			"an answer that cannot be read is an error",
			"taken for silence it would open everything to a visitor who said no, under an opt-out policy or a Default",
			e.malformedIsError,
		}, {
			"an error holds nothing of the request",
			"errors end up in logs, and a cookie may hold anything about anybody",
			e.errorsAreDiscreet,
		}, {
			"an answer grants by name",
			"All(Granted) covers categories and destinations that the visitor was never asked about",
			e.grantsByName,
		}, {
			"the request is not changed",
			"the handler behind the middleware is to serve it as it came",
			e.requestIsUnchanged,
		}, {
			"the same request is the same answer",
			"a decision cannot be explained afterwards if it depends on anything but the request",
			e.sameAnswer,
		}, {
			"an answer that is cut off grants no more than the whole",
			"proxies and browsers cut what is too long",
			e.cutGrantsNoMore,
		}, {
			"of two copies only that is granted which both grant",
			"browsers send a cookie once for each domain and path it was set for, in an order that a server cannot know",
			e.copiesAgree,
		}, {
			"garbage grants nothing and does not panic",
			"the visitor writes the request, and a panic in a middleware serves nobody",
			e.garbageGrantsNothing,
		}, {
			"it may be asked by many goroutines at once",
			"every request asks it, and the race detector watches here",
			e.concurrent,
		},
	}
}
