package trial

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
)

// String returns the report for a terminal.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "What enforcement would do, %s\n%s\n", r.period(), r.summary())
	for _, p := range r.parts() {
		fmt.Fprintf(&b, "  %s of the losses: %s\n", p.Percent, p.Kind)
	}
	for _, d := range r.Destinations {
		if d.Lost == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s%s: loses %s of %s (%s)\n", d.Name, d.notes(), number(d.Lost), number(d.Messages), percent(d.Lost, d.Messages))
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		for _, l := range d.Losses {
			fmt.Fprintf(w, "  %s\t%s\t  %s\n", number(l.Messages), percent(l.Messages, d.Messages), l.why())
		}
		w.Flush()
	}
	list := func(title string, all []Destination) {
		for i, d := range all {
			if i == 0 {
				fmt.Fprintf(&b, "\n%s: %s", title, d.Name)
			} else {
				fmt.Fprintf(&b, ", %s", d.Name)
			}
		}
		if len(all) > 0 {
			b.WriteByte('\n')
		}
	}
	for i, c := range r.Claims {
		if i == 0 {
			b.WriteString("\nAllowed whatever visitors answer, as the application claims:\n")
		}
		fmt.Fprintf(&b, "  %s  %s: %s\n", number(c.Messages), c.Reason, c.Why)
	}
	list("Would lose nothing", r.kept())
	list("In the policy, but not in the workspace", r.absent())
	return b.String()
}

func (r Report) period() string {
	if r.Messages == 0 {
		return "no message yet"
	}
	const layout = "2006-01-02 15:04"
	return r.From.UTC().Format(layout) + " to " + r.To.UTC().Format(layout) + " UTC"
}

func (r Report) summary() string {
	all := len(r.Destinations) - len(r.absent())
	lose := all - len(r.kept())
	return fmt.Sprintf("Of %s messages, %s (%s) would be suppressed. Of %d destinations, %d would lose something.",
		number(r.Messages), number(r.Suppressed), percent(r.Suppressed, r.Messages), all, lose)
}

// kept returns the destinations that lose nothing.
func (r Report) kept() (kept []Destination) {
	for _, d := range r.Destinations {
		if d.Lost == 0 && !d.Absent {
			kept = append(kept, d)
		}
	}
	return kept
}

func (r Report) absent() (absent []Destination) {
	for _, d := range r.Destinations {
		if d.Absent {
			absent = append(absent, d)
		}
	}
	return absent
}

// A part is a kind's share of all losses.
type part struct {
	Kind     kind
	Messages uint64
	Percent  string
	Width    string
}

func (r Report) parts() (parts []part) {
	var lost uint64
	var by [kinds]uint64
	for _, d := range r.Destinations {
		for _, l := range d.Losses {
			by[adviceOn(l.Reason).kind] += l.Messages
			lost += l.Messages
		}
	}
	for k, n := range by {
		if n > 0 {
			parts = append(parts, part{kind(k), n, percent(n, lost), width(n, lost)})
		}
	}
	return parts
}

func (d Destination) notes() string {
	s := ""
	for _, note := range d.noteList() {
		s += " [" + note + "]"
	}
	return s
}

func (d Destination) noteList() (notes []string) {
	if d.Warehouse {
		notes = append(notes, "warehouse")
	}
	if d.Storage {
		notes = append(notes, "storage")
	}
	if !d.Listed {
		notes = append(notes, "not in the policy")
	}
	return notes
}

func (l Loss) why() string {
	if l.Cause == "" {
		return string(l.Reason)
	}
	return string(l.Reason) + ": " + l.Cause
}

// title names an event.
func title(kind, name string) string {
	if name == "" {
		return kind
	}
	return strings.TrimSpace(kind + " " + name)
}

// number writes 12345 as 12,345.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// percent rounds, but never to 0 % or 100 %.
func percent(n, of uint64) string {
	share := 100 * float64(n) / float64(max(of, 1))
	switch {
	case n > 0 && share < 1:
		return "<1 %"
	case n < of && share > 99:
		return ">99 %"
	default:
		return fmt.Sprintf("%.0f %%", share)
	}
}

// width returns a share in percent, for a bar.
func width(n, of uint64) string {
	return strconv.FormatFloat(100*float64(n)/float64(max(of, 1)), 'f', 2, 64)
}
