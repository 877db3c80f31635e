package gpp

import "strings"

const versionBits = 6 // at the beginning of a core

// A Section is one section of a [String].
type Section struct {
	id     int
	raw    string
	layout *layout // nil: a section that is not read here
	core   bits
	extra  bits // the subsection beside the core; empty if there is none
}

// ID returns the id of the section, as in the IAB's list.
func (s Section) ID() int { return s.id }

// Name returns the name of the section in the IAB's list, such as "usnat", or "" if its
// id is unknown.
func (s Section) Name() string { return names[s.id] }

// Value returns the raw section: a TC string for tcfeuv2, four characters for uspv1.
func (s Section) Value() string { return s.raw }

// Field returns the values of a field under its name in the specification, such as
// "SaleOptOut". They are 0 (not applicable), 1 or 2, except versions. It is nil if the
// section has no such field, or is not read here. The field "Gpc" is 1 for true and 0
// for false. uspv1 has the fields Version (1), Notice, OptOutSale and LspaCovered, with
// 1 for Y, 2 for N and 0 for "-".
func (s Section) Field(name string) []int {
	switch {
	case s.layout == nil:
		return nil
	case name == s.layout.version:
		return []int{int(s.core.number(0, versionBits))}
	case name == "Gpc" && s.layout.extra == extraGPC && s.extra != "":
		return []int{int(s.extra.bit(2))}
	}
	b, at, n := s.find(name)
	if n == 0 {
		return nil
	}
	values := make([]int, n)
	for i := range values {
		values[i] = b.pair(at + 2*i)
	}
	return values
}

// find returns where the values of a field are, each of two bits, and their number.
func (s Section) find(name string) (b bits, at, n int) {
	if at, n := s.layout.find(name); n > 0 {
		return s.core, versionBits + 2*at, n
	}
	if name == sensitiveData && s.layout.extra == extraSensitive && s.extra != "" {
		return s.extra, 0, sensitiveKinds
	}
	return "", 0, 0
}

// flag reports whether the only value of a field is 1.
func (s Section) flag(name string) bool {
	b, at, n := s.find(name)
	return n == 1 && b.pair(at) == 1
}

func (s Section) gpc() bool {
	return s.layout.extra == extraGPC && s.extra != "" && s.extra.bit(2) == 1
}

// readSection checks a whole section, so that later reads cannot fail.
func readSection(id int, raw string) (Section, error) {
	s := Section{id: id, raw: raw}
	if raw == "" {
		return s, errEmpty
	}
	if id == idUSP {
		return readUSP(raw)
	}
	if first := layouts[id]; first == nil {
		return s, nil
	}
	core, extra, more := strings.Cut(raw, ".")
	s.core, s.extra = bits(core), bits(extra)
	if !s.core.valid() || !s.extra.valid() { // a second dot is invalid too
		return s, errAlphabet
	}
	for _, l := range layouts[id] {
		if s.core != "" && s.core.encoded(versionBits+2*l.values) {
			s.layout = l
		}
	}
	if s.layout == nil || !s.layout.knows(s.core.number(0, versionBits), id) {
		return s, errLayout
	}
	if !s.core.defined(versionBits, s.layout.values) {
		return s, errValue
	}
	if more {
		return s, s.checkExtra()
	}
	return s, nil
}

func (s Section) checkExtra() error {
	switch s.layout.extra {
	case extraGPC:
		const gpcType, size = 1, 3
		if !s.extra.encoded(size) || s.extra.number(0, 2) != gpcType {
			return errLayout
		}
	case extraSensitive:
		if !s.extra.encoded(2 * sensitiveKinds) {
			return errLayout
		}
		if !s.extra.defined(0, sensitiveKinds) {
			return errValue
		}
	default:
		return errLayout
	}
	return nil
}

// readUSP converts a US Privacy string to the bits of other sections.
func readUSP(raw string) (Section, error) {
	if len(raw) != 4 || raw[0] != '1' {
		return Section{}, errUSP
	}
	packed := 0
	for i := 1; i < 4; i++ {
		value := strings.IndexByte("-YN", raw[i])
		if value < 0 {
			return Section{}, errUSP
		}
		packed = packed<<2 | value
	}
	return Section{id: idUSP, raw: raw, layout: layoutUSP, core: bits("B" + alphabet[packed:packed+1])}, nil
}
