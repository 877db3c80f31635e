package destinations

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-consent/segment/consent"
)

// An Opening is what one destination may see in a [Table] that it could not in another.
type Opening struct {
	Destination string   // "" for destinations that are not named
	Rows        []string // the visitors whose events it may see now
	Fingerprint string   // of Destination and Rows: what an Approval is for
}

// Wider returns what t allows and base does not, for every name of a destination and for
// every answer for its categories, those that it had before included. A name that base
// does not hold was denied in it, and so was a regime. A nil base denied everything.
func (t *Table) Wider(base *Table) []Opening {
	if base == nil {
		base = &Table{}
	}
	var openings []Opening
	for _, s := range t.blocks {
		c := comparison{now: t, base: base, seen: make(map[string]bool)}
		if s.others() {
			c.compare("", s, base.others())
		} else {
			c.block(s)
		}
		if len(c.rows) > 0 {
			o := Opening{Rows: c.rows}
			if !s.others() {
				o.Destination = s.names[0]
			}
			o.Fingerprint = fingerprint(o)
			openings = append(openings, o)
		}
	}
	return openings
}

func fingerprint(o Opening) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", o.Destination, o.Rows)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (t *Table) others() *block {
	for i := range t.blocks {
		if t.blocks[i].others() {
			return &t.blocks[i]
		}
	}
	return nil
}

// find returns the block that a name was decided by.
func (t *Table) find(name string) *block {
	for i, s := range t.blocks {
		if slices.Contains(s.names, name) {
			return &t.blocks[i]
		}
	}
	return nil
}

type comparison struct {
	now, base *Table
	seen      map[string]bool
	rows      []string
}

func (c *comparison) add(row string) {
	if !c.seen[row] {
		c.seen[row] = true
		c.rows = append(c.rows, row)
	}
}

// block compares a destination under each of its names. An event goes by all of them.
func (c *comparison) block(s block) {
	first := c.base.find(s.names[0])
	befores := []*block{first}
	c.compare("", s, first)
	for _, name := range s.names[1:] {
		before := c.base.find(name)
		if before != first {
			c.compare("as "+strconv.Quote(name)+": ", s, before)
		}
		if !slices.Contains(befores, before) {
			befores = append(befores, before)
		}
	}
	for _, before := range befores {
		if before != nil {
			c.givenUp(s, before)
		}
	}
}

// givenUp adds what a denial under a name that s has no longer would have closed.
func (c *comparison) givenUp(s block, before *block) {
	for _, name := range before.names {
		if slices.Contains(s.names, name) {
			continue
		}
		for _, r := range s.rows(nil) {
			if r.named == notNamed && !r.nothingRead && c.now.allows(s, r) {
				c.add("denied as " + strconv.Quote(name) + ": " + r.describe(s.categories))
			}
		}
	}
}

// compare adds the rows of s that before denied. They are over the categories of both.
func (c *comparison) compare(prefix string, s block, before *block) {
	both := block{names: s.names, categories: s.categories}
	if before != nil && !s.others() {
		both.categories = slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.categories, before.categories))))
	}
	for _, r := range both.rows(c.now.regimes) {
		if !c.now.allows(s, r.over(both, s)) {
			continue
		}
		if before == nil || !c.base.allows(*before, r.over(both, *before)) {
			c.add(prefix + r.describe(both.categories))
		}
	}
}

// over returns the row as it is for a block of fewer categories.
func (r row) over(from, to block) row {
	if r.nothingRead || r.unanswered {
		return r
	}
	if to.others() {
		// One answer for all categories: the first stands for it, and none is silence.
		answer := consent.Unknown
		if len(r.answers) > 0 {
			answer = r.answers[0]
		}
		return row{answers: slices.Repeat([]consent.Choice{answer}, len(to.categories))}
	}
	projected := row{named: r.named, answers: make([]consent.Choice, len(to.categories))}
	for i, category := range to.categories {
		projected.answers[i] = r.answers[slices.Index(from.categories, category)]
	}
	return projected
}

// allows returns the decision of a row; false where the table has no such regime.
func (t *Table) allows(s block, r row) bool {
	switch {
	case r.nothingRead:
		return s.allowed[0]
	case r.unanswered:
		i := slices.Index(t.regimes, r.regime)
		return i >= 0 && s.allowed[1+i]
	}
	i := 0
	if s.others() {
		// The order is that of rows: silent, denied, granted.
		if len(r.answers) > 0 {
			i = int(r.answers[0])
		}
		return s.allowed[1+len(t.regimes)+i]
	}
	for _, answer := range r.answers {
		i = i*3 + int(answer)
	}
	return s.allowed[1+len(t.regimes)+i*int(namings)+int(r.named)]
}
