package tcf

// vendors is a set of vendor ids: a bit for each id, or ranges of ids.
type vendors struct {
	bits    bits
	at      int // where the bits or the ranges begin
	max     int // the highest id, if each id has a bit
	entries int // how many ranges there are
}

const (
	maxIDBits = 16
	idBits    = 16
	countBits = 12
)

// parseVendors reads the set that begins at at, and returns where it ends.
func parseVendors(b bits, at int) (v vendors, next int, err error) {
	highest, ranges := int(b.number(at, maxIDBits)), b.flag(at+maxIDBits)
	at += maxIDBits + 1
	if ranges {
		return parseRanges(b, at, highest)
	}
	if !b.holds(at, highest) {
		return v, 0, errCut
	}
	return vendors{bits: b, at: at, max: highest}, at + highest, nil
}

// parseRanges reads the count of ranges at at and the ranges after it, whose ids are
// at most highest.
func parseRanges(b bits, at, highest int) (v vendors, next int, err error) {
	if !b.holds(at, countBits) {
		return v, 0, errCut
	}
	v = vendors{bits: b, at: at + countBits, entries: int(b.number(at, countBits))}
	next = v.at
	for range v.entries {
		var first, last int
		first, last, next = b.span(next)
		if first == 0 || last < first || last > highest { // beyond the end first is 0
			return v, 0, errRange
		}
	}
	return v, next, nil
}

// span returns the first and the last id of the range at at, and where it ends.
func (b bits) span(at int) (first, last, next int) {
	if !b.flag(at) {
		first = int(b.number(at+1, idBits))
		return first, first, at + 1 + idBits
	}
	both := b.number(at+1, 2*idBits)
	return int(both >> idBits), int(both & (1<<idBits - 1)), at + 1 + 2*idBits
}

// has reports whether id is in the set. It takes time linear in the number of ranges,
// which is 4095 at most.
func (v vendors) has(id int) bool {
	if v.entries == 0 {
		return v.bits.one(v.at, v.max, id)
	}
	next := v.at
	for range v.entries {
		var first, last int
		first, last, next = v.bits.span(next)
		if first <= id && id <= last {
			return true
		}
	}
	return false
}

// set reads the set that makes up a whole segment.
func (v *vendors) set(segment bits) (err error) {
	if v.bits != "" {
		return errTwice
	}
	*v, _, err = parseVendors(segment, typeBits)
	return err
}
