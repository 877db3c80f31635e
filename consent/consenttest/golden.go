package consenttest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
