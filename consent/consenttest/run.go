package consenttest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/go-consent/segment/consent"
)

// A Table says which destinations the events of each visitor are to reach.
type Table struct {
	// Visitors are those to serve, a row each. Nil: those of the zero Site.
	Visitors []Visitor

	// Destinations are those to look at, a column each. Nil: those in Reached.
	Destinations []string

	// Reached lists, for each visitor by name, the destinations that get at least one
	// event. Every visitor needs an entry, if only an empty one.
	Reached map[string][]string

	// Golden is the path of a file, such as "testdata/consent.golden", with the table and
	// the number of events in each field, for a reviewer to read. It takes the place of
	// Reached.
	Golden string

	// Request makes the request of a visitor. Nil: GET /.
	Request func(Visitor) *http.Request
}

// Run serves the requests of all visitors of the table with one handler, one after the other, and
// reports each row that differs, with the decision behind it. It calls handler once, so that it
// finds an answer that the application keeps from one visitor to the next. What the application
// tracks after its response counts for a later visitor, or for none.
//
// Run also fails if nothing was tracked for any visitor, and if the table has a
// destination that the policy does not know by exactly that name: see
// [Recorder.Destinations].
//
//	consenttest.Run(t, func(r *consenttest.Recorder) http.Handler {
//		return site(consent.New(r, policy, nil))
//	}, consenttest.Table{
//		Visitors:     consenttest.Site{Categories: categories}.Visitors(),
//		Destinations: []string{"Amplitude", "Facebook Pixel"},
//		Golden:       "testdata/consent.golden",
//	})
//
// With CONSENTTEST_UPDATE=1 in the environment, the Golden file is written and the test passes. The
// flag -update does the same if the test binary has it; Run does not define it, since other
// packages do. If an event reached a destination that the policy denies for the State of its
// visitor, the test fails in any case, and nothing is written.
func Run(t testing.TB, handler func(*Recorder) http.Handler, want Table) {
	t.Helper()
	if want.Visitors == nil {
		want.Visitors = Site{}.Visitors()
	}
	if want.Destinations == nil {
		want.Destinations = union(want.Reached)
	}
	switch {
	case (want.Golden == "") == (want.Reached == nil):
		t.Fatalf("consenttest: the Table needs either Reached or Golden")
	case len(want.Destinations) == 0:
		t.Fatalf("consenttest: the Table names no destination to look at")
	}
	recorder := new(Recorder)
	served := handler(recorder)
	rows := make([]row, len(want.Visitors))
	for i, v := range want.Visitors {
		rows[i] = serve(served, recorder, v, want)
	}
	requireMeaning(t, want.Destinations, rows)
	if want.Golden != "" {
		compareGolden(t, want, rows)
	} else {
		compareReached(t, want, rows)
	}
}

func union(reached map[string][]string) []string {
	all := make(map[string]bool)
	for _, destinations := range reached {
		for _, d := range destinations {
			all[d] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// A row is what became of the events of one visitor.
type row struct {
	visitor  Visitor
	recorder *Recorder
	counts   []int // for each destination of the table
}

func serve(handler http.Handler, recorder *Recorder, v Visitor, want Table) row {
	r := v.Request(http.MethodGet, "/", nil)
	if want.Request != nil {
		r = want.Request(v)
	}
	handler.ServeHTTP(httptest.NewRecorder(), r)
	result := row{visitor: v, recorder: recorder.Where(Filter{})}
	recorder.Reset()
	for _, d := range want.Destinations {
		result.counts = append(result.counts, len(result.recorder.Reached(d)))
	}
	return result
}

// requireMeaning fails the test if its table could not fail.
func requireMeaning(t testing.TB, destinations []string, rows []row) {
	t.Helper()
	for _, r := range rows {
		r.recorder.requireEnforced(t)
	}
	tracked := func(r row) bool { return len(r.recorder.Events()) > 0 || len(r.recorder.decisions()) > 0 }
	if !slices.ContainsFunc(rows, tracked) {
		t.Fatalf("consenttest: no message of any visitor was tracked, which proves nothing; if some were, %s", untold)
	}
	for _, d := range destinations {
		knows := func(r row) bool { known, _ := r.recorder.knows(d); return known }
		if !slices.ContainsFunc(rows, knows) {
			rows[len(rows)-1].recorder.requireKnown(t, d)
		}
	}
}

// explain describes a field of a row that differs from the table.
func (r row) explain(destination string) string {
	why := r.recorder.explain(r.recorder.Events(), destination)
	if r.unread() {
		why += "\ncure: the visitor's answer did not arrive: the handler has to be behind middleware.New, and the client come from For(r.Context())"
	}
	return why
}

// cure says what to do about a destination that was reached, or was not, contrary to the table.
func (r row) cure(destination string, reached bool) string {
	if r.recorder.policy == nil || r.unread() {
		return ""
	}
	d, _ := consent.AtSegment(r.recorder.policy.Decide(r.visitor.State))
	switch allows := d.Allows(destination); {
	case reached && allows:
		return "\ncure: the policy allows it to this visitor: correct its Config (the category, OptOut, Always, ServerOnly, Imply), " +
			"add the Signal that denies it, or correct the table"
	case reached && !r.visitor.State.Answered():
		return boundWrong + "; if the Default grants it, correct the Default"
	case reached:
		return boundWrong
	case allows:
		return "\ncure: the answer in this visitor's cookies allows it: look for a client that is bound to another answer, " +
			"a Source that reads another cookie, or a Signal that denies it"
	}
	return "\ncure: the policy does not allow it to this visitor: correct its Config, or the table"
}

// unread reports whether a decision was made without the answer that the visitor gave.
func (r row) unread() bool {
	for _, d := range r.recorder.decisions() {
		for v := range d.Decision.Verdicts() {
			if v.Reason == consent.ReasonNothingRead && !r.isDenied() {
				return true
			}
		}
	}
	return false
}

func compareReached(t testing.TB, want Table, rows []row) {
	t.Helper()
	served := make(map[string]bool)
	for _, r := range rows {
		name := r.visitor.Name
		served[name] = true
		wanted, ok := want.Reached[name]
		if !ok {
			t.Errorf("consenttest: Reached has no entry for the visitor %q", name)
			continue
		}
		for i, destination := range want.Destinations {
			if got := r.counts[i] > 0; got != slices.Contains(wanted, destination) {
				t.Errorf("consenttest: %s: %d events reached %s, want %s%s%s",
					name, r.counts[i], destination, atLeast(!got), r.explain(destination), r.cure(destination, got))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want.Reached)) {
		if !served[name] {
			t.Errorf("consenttest: Reached has an entry for %q, who is no visitor of the table", name)
		}
		for _, destination := range want.Reached[name] {
			if !slices.Contains(want.Destinations, destination) {
				t.Errorf("consenttest: Reached of %q names %s, which is not among Destinations", name, destination)
			}
		}
	}
}

func atLeast(reached bool) string {
	if reached {
		return "at least one"
	}
	return "none"
}
