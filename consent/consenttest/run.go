package consenttest

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

	// Golden is the path of a file, "testdata/consent.golden" say, that holds the
	// table with the number of events in each field, for a reviewer to read. It is
	// instead of Reached.
	Golden string

	// Request makes the request of a visitor. Nil: GET /.
	Request func(Visitor) *http.Request
}

// Run serves the request of every visitor in the table, each with a new handler and a
// new Recorder, and reports each row that differs, with what decided. Of a handler
// that sends later than it answers, it sees nothing.
//
//	consenttest.Run(t, func(r *consenttest.Recorder) http.Handler {
//		return site(consent.New(r, policy, &consent.Options{OnDecision: r.Decision}))
//	}, consenttest.Table{
//		Visitors:     consenttest.Site{Categories: categories}.Visitors(),
//		Destinations: []string{"Amplitude", "Facebook Pixel"},
//		Golden:       "testdata/consent.golden",
//	})
//
// The Golden file is written anew, and the test passes, with CONSENTTEST_UPDATE=1 in
// the environment, or with the flag -update if the test binary has one: Run does not
// define it, since other packages do.
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
	rows := make([]row, len(want.Visitors))
	for i, v := range want.Visitors {
		rows[i] = serve(handler, v, want)
	}
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

func serve(handler func(*Recorder) http.Handler, v Visitor, want Table) row {
	r := v.Request(http.MethodGet, "/", nil)
	if want.Request != nil {
		r = want.Request(v)
	}
	result := row{visitor: v, recorder: new(Recorder)}
	handler(result.recorder).ServeHTTP(httptest.NewRecorder(), r)
	for _, d := range want.Destinations {
		result.counts = append(result.counts, len(result.recorder.Reached(d)))
	}
	return result
}

// explain tells about one field of a row that is not as it should be.
func (r row) explain(destination string) string {
	s := r.recorder.Where(Filter{})
	why := s.explain(s.Events(), destination)
	if r.unread() {
		why += "\nthe visitor's answer did not arrive: the handler has to be behind middleware.New, and the client come from For(r.Context())"
	}
	return why
}

// unread reports whether a decision was made without the answer that the visitor gave.
func (r row) unread() bool {
	for _, d := range r.recorder.Where(Filter{}).decisions() {
		for v := range d.Decision.Verdicts() {
			if v.Reason == consent.ReasonNothingRead && r.visitor.State.Rest() != consent.Denied {
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
				t.Errorf("consenttest: %s: %d events reached %s, want %s%s",
					name, r.counts[i], destination, atLeast(!got), r.explain(destination))
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

func compareGolden(t testing.TB, want Table, rows []row) {
	t.Helper()
	got := format(want.Destinations, rows)
	if updating() {
		if err := os.MkdirAll(filepath.Dir(want.Golden), 0o777); err != nil {
			t.Fatalf("consenttest: %v", err)
		}
		if err := os.WriteFile(want.Golden, []byte(got), 0o666); err != nil {
			t.Fatalf("consenttest: %v", err)
		}
		return
	}
	const cure = "\nif the new table is right, write it with CONSENTTEST_UPDATE=1 go test"
	golden, err := os.ReadFile(want.Golden)
	if err != nil {
		t.Fatalf("consenttest: %v%s", err, cure)
	}
	kept := strings.ReplaceAll(string(golden), "\r\n", "\n")
	if got == kept {
		return
	}
	lines := strings.Split(kept, "\n")
	var changes strings.Builder
	for i, line := range strings.Split(got, "\n") {
		if slices.Contains(lines, line) {
			continue
		}
		fmt.Fprintf(&changes, "\n+ %s", line)
		if 0 < i && i <= len(rows) && rows[i-1].unread() {
			changes.WriteString(rows[i-1].explain(want.Destinations[0]))
		}
	}
	for _, line := range lines {
		if !slices.Contains(strings.Split(got, "\n"), line) {
			fmt.Fprintf(&changes, "\n- %s", line)
		}
	}
	t.Errorf("consenttest: the table is not that of %s (+ is now, - was)%s%s", want.Golden, &changes, cure)
}

// format writes the table: a row for each visitor, with the number of events.
func format(destinations []string, rows []row) string {
	width := 0
	for _, r := range rows {
		width = max(width, len([]rune(r.visitor.Name)))
	}
	var b strings.Builder
	line := func(name string, field func(i int) string) {
		fmt.Fprintf(&b, "%-*s", width, name)
		for i, d := range destinations {
			fmt.Fprintf(&b, "  %*s", len([]rune(d)), field(i))
		}
		b.WriteByte('\n')
	}
	line("", func(i int) string { return destinations[i] })
	for _, r := range rows {
		line(r.visitor.Name, func(i int) string {
			if r.counts[i] == 0 {
				return "-"
			}
			return fmt.Sprint(r.counts[i])
		})
	}
	return b.String()
}

func updating() bool {
	if os.Getenv("CONSENTTEST_UPDATE") != "" {
		return true
	}
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}
