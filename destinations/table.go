package destinations

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-consent/segment/consent"
)

// A Table is what a [Config] decides about each destination for every answer that counts
// for it, and for visitors without an answer in every regime. Its text is for a file that is stored
// and reviewed together with the register: [Table.Wider] returns what a change opens.
type Table struct {
	Written time.Time // the day on which it was written to the file

	regimes []string // in order
	blocks  []block
}

// A block is the part of a Table about one destination.
type block struct {
	names      []string // its name, then the others; none: destinations that are not named
	categories []string // in order
	allowed    []bool   // by row, in the order of rows
}

// Tabulate returns the Table of a Config. The regimes hold, by name, what the Default of each regime
// returns for a visitor without an answer: those of [Register.Defaults], or what the site's own
// Defaults return. The error is that of [Compile], or is about a destination in more than five
// categories. A Config that names no destination decides by the visitor's own list, and has no
// Table.
func Tabulate(c Config, regimes map[string]consent.State) (*Table, error) {
	p, err := Compile(c)
	if err != nil {
		return nil, err
	}
	if p.byVisitor {
		return nil, fmt.Errorf("%w: it names no destination to tabulate", ErrConfig)
	}
	t := &Table{regimes: slices.Sorted(maps.Keys(regimes))}
	for _, d := range p.destinations {
		if len(d.categories) > maxCategories {
			return nil, fmt.Errorf("%w: destination %q is in %d categories, the limit of a table is %d",
				ErrConfig, d.name, len(d.categories), maxCategories)
		}
		s := block{names: d.names, categories: slices.Sorted(slices.Values(d.categories))}
		for _, row := range s.rows(t.regimes) {
			s.allowed = append(s.allowed, p.Decide(row.state(s, regimes)).Allows(d.name))
		}
		t.blocks = append(t.blocks, s)
	}
	others := block{categories: p.categories}
	for _, row := range others.rows(t.regimes) {
		others.allowed = append(others.allowed, p.Decide(row.state(others, regimes)).Unlisted())
	}
	t.blocks = append(t.blocks, others)
	return t, nil
}

// A row is one kind of visitor.
type row struct {
	nothingRead bool
	regime      string           // of a visitor without an answer, if ok
	unanswered  bool             //
	answers     []consent.Choice // by category of the block
	named       naming
}

// A naming is what the visitor answered for the destination by name.
type naming uint8

const (
	notAsked naming = iota // destination by destination
	notNamed               // asked, and not about this one
	namedGranted
	namedDenied
	namings
)

// rows returns the rows of a block, in their order. For destinations that are not
// named there is one answer of each kind, for all categories.
func (s block) rows(regimes []string) []row {
	rows := []row{{nothingRead: true}}
	for _, regime := range regimes {
		rows = append(rows, row{regime: regime, unanswered: true})
	}
	if s.others() {
		for _, c := range []consent.Choice{consent.Unknown, consent.Denied, consent.Granted} {
			rows = append(rows, row{answers: slices.Repeat([]consent.Choice{c}, len(s.categories))})
		}
		return rows
	}
	for answers := range combinations(len(s.categories)) {
		for n := range namings {
			rows = append(rows, row{answers: answers, named: n})
		}
	}
	return rows
}

func (s block) others() bool { return len(s.names) == 0 }

// combinations yields every combination of n answers, each in a new slice.
func combinations(n int) func(func([]consent.Choice) bool) {
	return func(yield func([]consent.Choice) bool) {
		total := 1
		for range n {
			total *= 3
		}
		for i := range total {
			answers := make([]consent.Choice, n)
			for j := range answers {
				answers[n-1-j] = consent.Choice(i % 3)
				i /= 3
			}
			if !yield(answers) {
				return
			}
		}
	}
}

// state returns the State of the visitor of a row.
func (r row) state(s block, regimes map[string]consent.State) consent.State {
	switch {
	case r.nothingRead:
		return consent.All(consent.Denied)
	case r.unanswered:
		return regimes[r.regime]
	}
	categories := make(map[string]bool)
	for i, answer := range r.answers {
		if answer != consent.Unknown {
			categories[s.categories[i]] = answer == consent.Granted
		}
	}
	state := consent.NewState(categories)
	switch r.named {
	case notNamed:
		return state.WithDestinations(map[string]bool{})
	case namedGranted, namedDenied:
		return state.WithDestinations(map[string]bool{s.names[0]: r.named == namedGranted})
	}
	return state
}
