package gpp

// The header is, in bits: a type (6, always 3), a version (6, always 1), the number of
// ranges (12), and the ranges. A range is a bit that tells whether it has an end, its
// start, and its end if it has one, each as the Fibonacci-coded distance from the
// previous number.
const (
	headerType    = 3
	headerVersion = 1
	headerFixed   = 24 // bits before the ranges

	maxID = 1<<16 - 1
)

// readHeader returns the ids of the sections, in ascending order, and their number.
func readHeader(header string) (ids [maxSections]uint16, n int, err error) {
	b := bits(header)
	switch {
	case !b.valid() || b.len() < headerFixed || b.number(0, 6) != headerType:
		return ids, 0, errHeader
	case b.number(6, 6) != headerVersion:
		return ids, 0, errVersion
	}
	last, at := 0, headerFixed
	// A range takes at least three bits, so a header ends long before a bad count does.
	for range b.number(12, 12) {
		if at >= b.len() {
			return ids, 0, errHeader
		}
		group := b.bit(at) == 1
		start, next := b.fibonacci(at + 1)
		if next == 0 {
			return ids, 0, errHeader
		}
		first := last + start
		last, at = first, next
		if group {
			length, next := b.fibonacci(at)
			if next == 0 {
				return ids, 0, errHeader
			}
			last, at = first+length, next
		}
		if last > maxID || last-first >= maxSections-n {
			return ids, 0, errIDs
		}
		for id := first; id <= last; id++ {
			ids[n] = uint16(id)
			n++
		}
	}
	if !b.zero(at) {
		return ids, 0, errHeader
	}
	return ids, n, nil
}

// fibonacci reads a Fibonacci number (Zeckendorf's sum of 1, 2, 3, 5, 8 ..., the least
// first, ended by a second 1 in a row) and returns where it ends, which is 0 if there
// is none. Numbers with a summand above maxID are invalid.
func (b bits) fibonacci(at int) (value, end int) {
	previous := uint(0)
	for f, next := 1, 2; f <= maxID && at < b.len(); f, next = next, f+next {
		bit := b.bit(at)
		at++
		if bit == 1 && previous == 1 {
			return value, at
		}
		if bit == 1 {
			value += f
		}
		previous = bit
	}
	// The greatest summand may be the last bit that was read, and the end the next.
	if previous == 1 && at < b.len() && b.bit(at) == 1 {
		return value, at + 1
	}
	return 0, 0
}
