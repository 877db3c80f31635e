package consenttest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/segment"
)

func compareGolden(t testing.TB, want Table, rows []row) {
	t.Helper()
	got := format(want.Destinations, rows)
	if !requireAgreement(t, want.Destinations, rows) && updating() {
		t.Errorf("consenttest: %s was not written: a table that contradicts the policy cannot be the right one", want.Golden)
		return
	}
	if updating() {
		if err := os.MkdirAll(filepath.Dir(want.Golden), 0o777); err != nil {
			t.Fatalf("consenttest: %v", err)
		}
		if err := os.WriteFile(want.Golden, []byte(got), 0o666); err != nil {
			t.Fatalf("consenttest: %v", err)
		}
		t.Logf("consenttest: %s was written and not compared", want.Golden)
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

// requireAgreement fails the test for each row that contradicts the policy, even if the file
// agrees with the row. It reports whether no row does.
func requireAgreement(t testing.TB, destinations []string, rows []row) bool {
	t.Helper()
	agree := true
	for _, r := range rows {
		for i, d := range destinations {
			if r.counts[i] == 0 {
				continue
			}
			if v, contradicts := r.contradicts(d); contradicts {
				agree = false
				t.Errorf("consenttest: %s: %d events reached %s, against the policy: %s%s\n\t"+
					"cure: no table can have this row: look at the handler, the Sources, or the Default; "+
					"if the site reads another answer in these cookies, set the State of the Visitor",
					r.visitor.Name, r.counts[i], d, v, r.explain(d))
			}
		}
	}
	if answered := slices.DeleteFunc(slices.Clone(rows), row.isDenied); updating() && len(answered) > 0 &&
		!slices.ContainsFunc(answered, func(r row) bool { return !r.unread() }) {
		agree = false
		t.Errorf("consenttest: %s, and all others: the events were decided without an answer%s",
			answered[0].visitor.Name, answered[0].explain(destinations[0]))
	}
	return agree
}

// isDenied reports whether the visitor's cookies deny everything, or cannot be read.
func (r row) isDenied() bool { return r.visitor.State.Rest() == consent.Denied }

// contradicts reports whether the policy denies the visitor's events to the destination, and its
// verdict. What the visitor was not asked may be presumed. If the policy knows no name of the
// answer, the site maps the answer to other names.
func (r row) contradicts(destination string) (v consent.Verdict, contradicts bool) {
	p, state := r.recorder.policy, r.visitor.State
	if p == nil {
		return v, false
	}
	d, _ := consent.AtSegment(p.Decide(state))
	v = verdict(d, destination)
	switch {
	case d.Allows(destination) || segment.Named(destination).Storage || r.claims(destination):
		return v, false
	case !state.Answered() && state.Rest() == consent.Unknown:
		return v, !slices.ContainsFunc(r.recorder.decisions(), func(made Decided) bool {
			return verdict(made.Decision, destination).Reason == consent.ReasonPresumed
		})
	}
	return v, state.Rest() != consent.Unknown || knowsAny(d, state)
}

// claims reports whether the application claims about an event that no answer counts for the
// destination.
func (r row) claims(destination string) bool {
	return slices.ContainsFunc(r.recorder.decisions(), func(d Decided) bool {
		reason := verdict(d.Decision, destination).Reason
		return reason == consent.ReasonNecessary || reason == consent.ReasonExempt
	})
}

// knowsAny reports whether the decision names a category or a destination of the answer.
func knowsAny(d consent.Decision, s consent.State) bool {
	for name := range d.Categories() {
		if s.Category(name) != consent.Unknown {
			return true
		}
	}
	for v := range d.Verdicts() {
		if s.Destination(v.Destination) != consent.Unknown {
			return true
		}
	}
	return false
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
