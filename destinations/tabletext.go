package destinations

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-consent/segment/consent"
)

// ErrTable is the error of a text that is no [Table].
var ErrTable = errors.New("destinations: not a table of decisions")

const (
	tableTitle   = "Decisions of the register. Written by consentgate; not to be edited by hand."
	tableWritten = "written "
	tableRegimes = "regimes"
	tableNames   = "destination"
	tableOthers  = "destinations that the register does not name"
	tableGroups  = "categories"
	maxTable     = 64 << 20 // bytes
)

// String returns the table as lines of text: one for every decision, with everything that it depends
// on, so that a diff of two versions is readable without the rest.
func (t *Table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s%s\n%s\n", tableTitle, tableWritten, t.Written.Format(time.DateOnly), line(tableRegimes, t.regimes))
	for _, s := range t.blocks {
		b.WriteString(s.head())
		for i, r := range s.rows(t.regimes) {
			b.WriteString(verdictWord(s.allowed[i]) + s.label(r) + "\n")
		}
	}
	return b.String()
}

// head is the lines before the rows of a block.
func (s block) head() string {
	first := tableOthers
	if !s.others() {
		first = line(tableNames, s.names)
	}
	return "\n" + first + "\n" + line(tableGroups, s.categories) + "\n"
}

func line(word string, names []string) string {
	var b strings.Builder
	b.WriteString(word)
	for _, name := range names {
		b.WriteString(" " + strconv.Quote(name))
	}
	return b.String()
}

func verdictWord(allowed bool) string {
	if allowed {
		return "allowed  "
	}
	return "denied   "
}

// label describes the visitor of a row, and the destination.
func (s block) label(r row) string {
	subject := "others"
	if !s.others() {
		subject = strconv.Quote(s.names[0])
	}
	return subject + ": " + r.describe(s.categories)
}

func (r row) describe(categories []string) string {
	switch {
	case r.nothingRead:
		return "nothing read"
	case r.unanswered:
		return "no answer in " + strconv.Quote(r.regime)
	}
	var parts []string
	for i, answer := range r.answers {
		word := "silent"
		if answer != consent.Unknown {
			word = answer.String()
		}
		parts = append(parts, strconv.Quote(categories[i])+" "+word)
	}
	switch r.named {
	case notNamed:
		parts = append(parts, "asked by name of others alone")
	case namedGranted:
		parts = append(parts, "granted by name")
	case namedDenied:
		parts = append(parts, "denied by name")
	}
	if len(parts) == 0 {
		return "any other answer"
	}
	return strings.Join(parts, ", ")
}

// ReadTable reads what String returned. The error wraps [ErrTable] and names the line.
func ReadTable(r io.Reader) (*Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxTable+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTable, err)
	}
	if len(data) > maxTable {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrTable, maxTable)
	}
	p := tableReader{lines: strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")}
	t, problem := p.table()
	if problem != "" {
		return nil, fmt.Errorf("%w: line %d: %s", ErrTable, p.next, problem)
	}
	return t, nil
}

type tableReader struct {
	lines []string
	next  int
}

// take returns the next line, and whether there is one.
func (p *tableReader) take() (string, bool) {
	if p.next++; p.next > len(p.lines) {
		return "", false
	}
	return p.lines[p.next-1], true
}

func (p *tableReader) table() (t *Table, problem string) {
	t = &Table{}
	if title, _ := p.take(); title != tableTitle {
		return nil, "this is another file"
	}
	written, _ := p.take()
	var err error
	if t.Written, err = time.Parse(tableWritten+time.DateOnly, written); err != nil {
		return nil, "the day on which it was written is missing"
	}
	regimes, _ := p.take()
	var ok bool
	if t.regimes, ok = unquoted(regimes, tableRegimes); !ok || !ordered(t.regimes) {
		return nil, "the regimes are missing"
	}
	for {
		blank, more := p.take()
		if blank != "" {
			return nil, "an empty line is missing"
		}
		head, _ := p.take()
		if !more || head == "" && p.next >= len(p.lines) {
			break
		}
		if problem := p.block(t, head); problem != "" {
			return nil, problem
		}
	}
	if n := len(t.blocks); n == 0 || !t.blocks[n-1].others() {
		return nil, "the end is missing"
	}
	return t, ""
}

func (p *tableReader) block(t *Table, head string) (problem string) {
	var s block
	var ok bool
	if n := len(t.blocks); n > 0 && t.blocks[n-1].others() {
		return "this follows the end"
	}
	if head != tableOthers {
		if s.names, ok = unquoted(head, tableNames); !ok || len(s.names) == 0 {
			return "a destination is missing"
		}
	}
	categories, _ := p.take()
	if s.categories, ok = unquoted(categories, tableGroups); !ok || !ordered(s.categories) {
		return "the categories are missing"
	}
	if !s.others() && len(s.categories) > maxCategories {
		return "too many categories"
	}
	for _, r := range s.rows(t.regimes) {
		got, _ := p.take()
		allowed := got == verdictWord(true)+s.label(r)
		if !allowed && got != verdictWord(false)+s.label(r) {
			return "this decision is missing: " + s.label(r)
		}
		s.allowed = append(s.allowed, allowed)
	}
	t.blocks = append(t.blocks, s)
	return ""
}

// unquoted returns the names of a line that begins with a word.
func unquoted(text, word string) (names []string, ok bool) {
	rest, ok := strings.CutPrefix(text, word)
	for ok && rest != "" {
		quoted, err := strconv.QuotedPrefix(strings.TrimPrefix(rest, " "))
		if err != nil || rest[0] != ' ' {
			return nil, false
		}
		name, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, false
		}
		names = append(names, name)
		rest = rest[1+len(quoted):]
	}
	return names, ok
}

// ordered reports whether names are in order, each once.
func ordered(names []string) bool {
	for i := 1; i < len(names); i++ {
		if names[i] <= names[i-1] {
			return false
		}
	}
	return true
}
