package destinations

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-consent/segment/consent"
)

// An Opening is what one destination may see by one [Table] and not by another.
type Opening struct {
	Destination string   // "" for destinations that are not named
	Rows        []string // the visitors whose events it may see now
	Fingerprint string   // of Destination and Rows: what an Approval is for
}

// Wider returns what t allows and base does not, for every name of a destination and for every
// answer for its categories, including the categories that it had in base. A name or a regime that
// base does not have counts as denied in it. A nil base denies everything.
func (t *Table) Wider(base *Table) []Opening {
	if base == nil {
		base = &Table{}
	}
	var openings []Opening
	for _, s := range t.blocks {
		c := comparison{now: t, base: base, seen: make(map[string]bool)}
		if s.others() {
			c.unnamed(s)
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

// block compares a destination under each of its names, since an event is decided by all of them.
func (c *comparison) block(s block) {
	first := c.base.find(s.names[0])
	c.compare("", s, first)
	for _, name := range s.names[1:] {
		if before := c.base.find(name); before != first {
			c.compare("as "+strconv.Quote(name)+": ", s, before)
		}
	}
}

// unnamed compares what is decided about destinations that are not named, including those that were
// named before.
func (c *comparison) unnamed(s block) {
	c.compare("", s, c.base.others())
	if !slices.Contains(s.allowed, true) {
		return
	}
	// They are closed for a visitor who denies every category. With one more category, they may
	// stay open.
	if before := c.base.others(); before != nil && slices.Contains(before.allowed, true) {
		if gained := without(s.categories, before.categories); len(gained) > 0 {
			c.add(line("every category denied but", gained))
		}
	}
	for _, before := range c.base.blocks {
		for _, name := range before.names {
			if c.now.find(name) != nil {
				continue
			}
			for _, r := range before.rows(c.now.regimes) {
				// A denial under another of its names closed it then, and does not now.
				closed := r.nothingRead || r.named == namedDenied && len(before.names) == 1
				if !closed && !c.base.allows(before, r) {
					c.add("as " + strconv.Quote(name) + ", which is not named any more: " + r.describe(before.categories))
				}
			}
		}
	}
}

// compare adds the rows of s that before denied. They are over the categories of both.
func (c *comparison) compare(prefix string, s block, before *block) {
	both := block{names: s.names, categories: s.categories}
	var gained, lost []string
	if before != nil && !s.others() {
		both.categories = slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.categories, before.categories))))
		gained, lost = without(s.names, before.names), without(before.names, s.names)
	}
	for _, r := range both.rows(c.now.regimes) {
		// The answer of r is for the names that both have. Each has further ones.
		for _, byGained := range r.further(gained) {
			for _, byLost := range r.further(lost) {
				now, was := r, r
				now.named, was.named = max(r.named, byGained), max(r.named, byLost)
				if !c.now.allows(s, now.over(both, s)) || before != nil && c.base.allows(*before, was.over(both, *before)) {
					continue
				}
				c.add(prefix + r.describe(both.categories) + byName(byGained, gained) + byName(byLost, lost))
			}
		}
	}
}

func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// further returns what a visitor who was asked by name may have answered for further
// names. They are in an order in which the greater one decides: a denial, then a grant.
func (r row) further(names []string) []naming {
	if r.named == notAsked || len(names) == 0 {
		return []naming{notAsked}
	}
	return []naming{notAsked, namedGranted, namedDenied}
}

func byName(n naming, names []string) string {
	word := ""
	switch n {
	case namedGranted:
		word = ", granted"
	case namedDenied:
		word = ", denied"
	default:
		return ""
	}
	return line(word+" as", names)
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
