package consenttest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-consent/segment/consent"
)

// RequireReached fails the test at once unless the destination was reached by exactly n
// events, and returns them. The failure lists every event with the entry of its
// integrations object that decided, and every decision with the answer behind it.
//
// It also fails if nothing was tracked, and if the destination is one that the policy
// does not know by exactly that name: see [Recorder.Destinations].
func (r *Recorder) RequireReached(t testing.TB, destination string, n int) []Event {
	t.Helper()
	r.requireEnforced(t)
	events := r.Events()
	got := reached(events, destination)
	if len(got) != n {
		why := r.explain(events, destination)
		if len(got) > n {
			why += boundWrong
		} else {
			why += r.missing(destination)
		}
		t.Fatalf("consenttest: %d events%s reached %s, want %d%s", len(got), r.filter, destination, n, why)
	}
	r.requireTracked(t)
	// Without a policy, and where nothing is closed, every destination is reached.
	if n == 0 || len(r.decisions()) > 0 || slices.ContainsFunc(got, Event.closes) {
		r.requireKnown(t, destination)
	}
	return got
}

// RequireNotReached is RequireReached with 0.
func (r *Recorder) RequireNotReached(t testing.TB, destination string) {
	t.Helper()
	r.RequireReached(t, destination, 0)
}

// RequireSuppressed fails the test at once unless exactly n messages were suppressed for
// that reason, which is one of the Suppressed constants of the consent package or "" for
// any, and returns them. It also fails if nothing was tracked. With 0 the reason has to be "", as
// a message that was not suppressed for one reason may have been for another.
func (r *Recorder) RequireSuppressed(t testing.TB, reason consent.Reason, n int) []Decided {
	t.Helper()
	r.requireDecisions(t)
	requireNoReason(t, reason, n)
	got := slices.DeleteFunc(r.Suppressed(), func(d Decided) bool {
		return reason != "" && d.Suppressed != reason
	})
	if len(got) != n {
		t.Fatalf("consenttest: %d messages%s were suppressed%s, want %d%s", len(got), r.filter, because(reason), n, r.list(""))
	}
	return got
}

// RequireDenied fails the test at once unless exactly n messages were denied to the destination
// for that reason, which is the one of its verdict or "" for any, and returns them. A message
// counts whether it left for other destinations or was suppressed. Like RequireReached, it fails
// for a destination that the policy does not know, and if nothing was tracked. Like
// RequireSuppressed, it fails for a reason with 0.
//
// Unlike RequireNotReached, it distinguishes a visitor's denial from a default.
func (r *Recorder) RequireDenied(t testing.TB, destination string, reason consent.Reason, n int) []Decided {
	t.Helper()
	r.requireDecisions(t)
	requireNoReason(t, reason, n)
	var got []Decided
	for _, d := range r.decisions() {
		if v := verdict(d.Decision, destination); !v.Allowed && (reason == "" || v.Reason == reason) {
			got = append(got, d)
		}
	}
	if len(got) != n {
		t.Fatalf("consenttest: %d messages%s were denied to %s%s, want %d%s",
			len(got), r.filter, destination, because(reason), n, r.list(destination))
	}
	r.requireKnown(t, destination)
	return got
}

const untold = "the Recorder was told of no decision; it has to be the client that consent.New is given, or to be embedded in it"

func (r *Recorder) requireTracked(t testing.TB) {
	t.Helper()
	r.requireEnforced(t)
	if len(r.Events()) == 0 && len(r.decisions()) == 0 {
		t.Fatalf("consenttest: no message%s was tracked, which proves nothing; if some were, %s", r.filter, untold)
	}
}

// meant is the cure for a name that is similar to others.
func meant(name string, known []string) string {
	var near []string
	for _, k := range known {
		if isNear(name, k) {
			near = append(near, strconv.Quote(k))
		}
	}
	if len(near) == 0 {
		return ""
	}
	return "\ncure: write " + strings.Join(near, " or ")
}

func (r *Recorder) requireDecisions(t testing.TB) {
	t.Helper()
	r.requireTracked(t)
	if len(r.decisions()) == 0 {
		t.Fatalf("consenttest: %s", untold)
	}
}

func requireNoReason(t testing.TB, reason consent.Reason, n int) {
	t.Helper()
	if n == 0 && reason != "" {
		t.Fatalf("consenttest: 0 messages%s proves nothing, since another reason may have stood in the way; ask with the reason \"\"",
			because(reason))
	}
}

func (r *Recorder) requireKnown(t testing.TB, destination string) {
	t.Helper()
	if known, names := r.knows(destination); !known {
		t.Fatalf("consenttest: %q is no destination that the policy knows, so that nothing follows from what reached it; "+
			"names are exact: %s (others can be listed in the Destinations of the Recorder)%s",
			destination, strings.Join(names, ", "), meant(destination, names))
	}
}
