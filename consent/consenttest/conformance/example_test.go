package conformance_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
)

// A yesOrNo reads a cookie that holds "yes" or "no".
type yesOrNo struct{}

func (yesOrNo) Consent(r *http.Request) (consent.State, error) {
	return cookie.Read(r, "ads", func(value string) (consent.State, error) {
		if value != "yes" && value != "no" {
			return consent.State{}, errors.New("ads: neither yes nor no")
		}
		return consent.NewState(map[string]bool{"advertising": value == "yes"}), nil
	})
}

func TestYesOrNoConforms(t *testing.T) {
	conformance.TestSource(t, func() yesOrNo { return yesOrNo{} }, yesOrNoExamples)
}

var yesOrNoExamples = conformance.SourceExamples{
	Answers: []conformance.SourceAnswer{
		{Header: http.Header{"Cookie": {"ads=yes"}}, State: consent.NewState(map[string]bool{"advertising": true})},
		{Header: http.Header{"Cookie": {"ads=no"}}, State: consent.NewState(map[string]bool{"advertising": false})},
	},
	Malformed: []http.Header{{"Cookie": {"ads=perhaps"}}},
}

// TestPolicy checks a custom policy against the rules that the consent package relies on.
func TestPolicyOfOnesOwn(t *testing.T) {
	conformance.TestPolicy(t, func() consent.Policy {
		return destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}})
	})
}

// A printer stands for the *testing.T of a test.
type printer struct{ testing.TB }

func (printer) Helper()                           {}
func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// The Source reads a cookie that it cannot parse as no answer, and the test says so.
func ExampleTestSource() {
	lenient := func(r *http.Request) (consent.State, error) {
		s, err := yesOrNo{}.Consent(r)
		if err != nil {
			return consent.NewState(nil), nil
		}
		return s, nil
	}
	conformance.TestSource(printer{}, func() sourceFunc { return lenient }, yesOrNoExamples)
	// Output:
	// conformance: the source breaks a rule: an answer that cannot be read is an error
	// 	how: map[Cookie:[ads=perhaps]] is no error, but 1.?;;
	// 	why it is one: taken for silence it would open everything to a visitor who said no, under an opt-out policy or a Default
}

type sourceFunc func(*http.Request) (consent.State, error)

func (f sourceFunc) Consent(r *http.Request) (consent.State, error) { return f(r) }
