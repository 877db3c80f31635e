package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-consent/segment/destinations"
)

// A report is what a check found.
type report struct {
	file         string
	today        time.Time
	destinations int
	connected    *destinations.Workspace // nil: not compared
	mistakes     []*destinations.Mistake
	findings     []destinations.Finding
}

// failing returns how many findings have to be looked at before the register may pass.
func (r report) failing() int { return len(r.mistakes) + len(destinations.Failing(r.findings)) }

// text returns the report for people, the findings of one destination together.
func (r report) text() string {
	var b strings.Builder
	for _, m := range r.mistakes {
		fmt.Fprintf(&b, "%s:%d: %s\n", r.file, m.Line, strings.TrimPrefix(m.Error(), fmt.Sprintf("line %d: ", m.Line)))
	}
	for _, f := range r.findings {
		mark := "FAIL"
		if f.Warning {
			mark = "warn"
		}
		title := string(f.Rule)
		if f.Destination != "" {
			title += ": " + f.Destination
		}
		fmt.Fprintf(&b, "%s  %s  (%s:%d)\n", mark, title, r.file, max(f.Line, 1))
		indented(&b, f.Problem)
		if f.Cure != "" {
			indented(&b, "> "+f.Cure)
		}
		b.WriteByte('\n')
	}
	if r.connected != nil {
		fmt.Fprintf(&b, "Compared with %s, which lists %d destinations.\n", r.connected.Origin, len(r.connected.Destinations))
		for _, unseen := range r.connected.Unseen {
			fmt.Fprintf(&b, "Not compared: %s\n", unseen)
		}
	}
	if r.connected == nil {
		b.WriteString("Not compared with what is connected at Segment.\n")
	}
	if len(r.mistakes) > 0 {
		fmt.Fprintf(&b, "%d mistakes: the register cannot be read, and nothing else was checked.\n", len(r.mistakes))
		return b.String()
	}
	verdict := "The register may pass."
	if n := r.failing(); n > 0 {
		verdict = fmt.Sprintf("The register may not pass: %s. %s", count(n, "finding"), r.byRule())
	}
	fmt.Fprintf(&b, "%s, on %s. %s\n", count(r.destinations, "destination"), r.today.Format(time.DateOnly), verdict)
	return b.String()
}

// byRule counts the findings that fail.
func (r report) byRule() string {
	var parts []string
	for _, rule := range destinations.Rules() {
		n := 0
		for _, f := range destinations.Failing(r.findings) {
			if f.Rule == rule.Rule {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", rule.Rule, n))
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func indented(b *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		b.WriteString("      " + strings.TrimSuffix(line, "\n") + "\n")
	}
}
