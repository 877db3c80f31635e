package records

import (
	"encoding/csv"
	"strings"
)

// A Table is a document of rows. A field may have several lines.
type Table struct {
	Title   string
	Columns []string
	Rows    [][]string
}

// CSV returns the table in the format of RFC 4180, with a first line of its columns. A field that a
// spreadsheet would run as a formula gets an apostrophe in front, so that a name in the register
// cannot run anything.
func (t Table) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
		guarded := make([]string, len(row))
		for i, field := range row {
			guarded[i] = guard(field)
		}
		_ = w.Write(guarded) // a Builder takes everything
	}
	w.Flush()
	return b.String()
}

// guard follows OWASP's "CSV Injection" for every line of a field, since some programs split lines
// and some skip leading white space.
func guard(field string) string {
	lines := strings.Split(field, "\n")
	for i, line := range lines {
		trimmed := strings.TrimLeft(line, " \t\r\u00a0\ufeff")
		if trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@|") || strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "\r") ||
			strings.HasPrefix(trimmed, "＝") || strings.HasPrefix(trimmed, "＋") || strings.HasPrefix(trimmed, "－") || strings.HasPrefix(trimmed, "＠") {
			lines[i] = "'" + line
		}
	}
	return strings.Join(lines, "\n")
}

// Markdown returns the table below its title. Markdown and HTML in a field are escaped.
func (t Table) Markdown() string {
	var b strings.Builder
	b.WriteString("## " + escape(t.Title) + "\n\n")
	line := func(fields []string) {
		for _, field := range fields {
			b.WriteString("| " + escape(field) + " ")
		}
		b.WriteString("|\n")
	}
	line(t.Columns)
	b.WriteString(strings.Repeat("|---", len(t.Columns)) + "|\n")
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}

var escaper = strings.NewReplacer(
	"\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "]", "\\]",
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "\r\n", "<br>", "\n", "<br>", "\r", "<br>",
)

func escape(field string) string { return escaper.Replace(field) }
