package gpp

// bits is text in base64url without padding, six bits a character.
type bits string

const noSextet = 0xff

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

var sextets = func() (table [256]uint8) {
	for c := range table {
		table[c] = noSextet
	}
	for i := range len(alphabet) {
		table[alphabet[i]] = uint8(i)
	}
	return table
}()

func (b bits) valid() bool {
	for i := range len(b) {
		if sextets[b[i]] == noSextet {
			return false
		}
	}
	return true
}

func (b bits) len() int { return 6 * len(b) }

// bit returns the bit at a place within b.
func (b bits) bit(at int) uint { return uint(sextets[b[at/6]]>>(5-at%6)) & 1 }

// number returns n bits within b as a number.
func (b bits) number(at, n int) (v uint) {
	for i := range n {
		v = v<<1 | b.bit(at+i)
	}
	return v
}

// pair returns the two bits at an even place, as a number.
func (b bits) pair(at int) int { return int(sextets[b[at/6]]>>(4-at%6)) & 3 }

// defined reports whether n values of two bits are all 0, 1 or 2.
func (b bits) defined(at, n int) bool {
	for i := range n {
		if b.pair(at+2*i) == 3 {
			return false
		}
	}
	return true
}

// zero reports whether all bits from a place on are 0, as padding is.
func (b bits) zero(from int) bool {
	for ; from%6 != 0; from++ {
		if b.bit(from) == 1 {
			return false
		}
	}
	for i := from / 6; i < len(b); i++ {
		if sextets[b[i]] != 0 {
			return false
		}
	}
	return true
}

// encoded reports whether b may be the encoding of n bits: filled up to characters, or
// to bytes first, as the IAB's encoder does.
func (b bits) encoded(n int) bool {
	if len(b) != (n+5)/6 && len(b) != ((n+7)/8*8+5)/6 {
		return false
	}
	return b.zero(n)
}
