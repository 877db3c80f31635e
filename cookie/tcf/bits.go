package tcf

// bits is a segment as it is written: each byte is a digit of base64url, which holds
// six bits, the highest first. Bits are decoded only when they are read.
type bits string

const notDigit = 1 << 7

// sextet is the value of each digit of base64url.
var sextet = func() (table [256]byte) {
	for c := range table {
		table[c] = notDigit
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		table[c] = byte(i)
	}
	return table
}()

// valid reports whether b has digits only.
func (b bits) valid() bool {
	var all byte
	for ; len(b) >= 8; b = b[8:] { // reading a string spends most of its time here
		all |= sextet[b[0]] | sextet[b[1]] | sextet[b[2]] | sextet[b[3]] |
			sextet[b[4]] | sextet[b[5]] | sextet[b[6]] | sextet[b[7]]
	}
	for i := range len(b) {
		all |= sextet[b[i]]
	}
	return all&notDigit == 0
}

// holds reports whether b has n bits from at on.
func (b bits) holds(at, n int) bool { return at+n <= 6*len(b) }

// flag returns the bit at at, which is 0 beyond the end.
func (b bits) flag(at int) bool {
	i := at / 6
	return uint(i) < uint(len(b)) && sextet[b[i]]>>(5-at%6)&1 == 1
}

// number returns the n bits from at on as a number, and 0 if they go beyond the end.
// There are 36 at most.
func (b bits) number(at, n int) (v uint64) {
	if !b.holds(at, n) {
		return 0
	}
	last := (at + n - 1) / 6
	for _, c := range []byte(b[at/6 : last+1]) {
		v = v<<6 | uint64(sextet[c])
	}
	return v >> (6*(last+1) - at - n) & (1<<n - 1)
}

// letters returns two letters, six bits each, or "" if they are not letters.
func (b bits) letters(at int) string {
	if !b.holds(at, 12) {
		return ""
	}
	first, second := b.number(at, 6), b.number(at+6, 6)
	if first > 25 || second > 25 {
		return ""
	}
	return string([]byte{'A' + byte(first), 'A' + byte(second)})
}

// one returns bit id of a field whose ids count from 1 to n.
func (b bits) one(at, n, id int) bool { return 1 <= id && id <= n && b.flag(at+id-1) }
