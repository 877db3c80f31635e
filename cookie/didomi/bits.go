package didomi

// bits are read from the first one on. After a failure every read returns 0.
type bits struct {
	data   []byte
	at     int
	failed bool
}

func (b *bits) skip(n int) { b.at += n }

// read returns the next n bits, at most 36 of them.
func (b *bits) read(n int) (value int64) {
	if b.failed = b.failed || b.at+n > 8*len(b.data); b.failed {
		return 0
	}
	for end := b.at + n; b.at < end; b.at++ {
		value = value<<1 | int64(b.data[b.at/8]>>(7-b.at%8)&1)
	}
	return value
}

// id reads a number of 16 bits.
func (b *bits) id() int { return int(b.read(16)) }

func (b *bits) flag() bool { return b.read(1) == 1 }

// The forms of a list, in 2 bits, and the statuses in one of the first form.
const (
	formField  = 0
	formRanges = 1

	statusUnknown  = 0b00
	statusDisabled = 0b01
	statusEnabled  = 0b10
)

// list reads a list of numbers with an answer. Didomi documents the fields of both forms,
// but not the bits that tell them apart; those were inferred from a string of a live site.
// It has two lists of each form, whose numbers are in order and consistent. Any other list
// fails: Fibonacci codes, and ranges of other statuses than enabled.
func (b *bits) list() list {
	switch b.read(2) {
	case formField:
		return b.field()
	case formRanges:
		return b.ranges()
	default:
		b.failed = true
		return nil
	}
}

// field reads a status of 2 bits for each of several numbers in a row.
func (b *bits) field() (l list) {
	first := 1
	if fromOne := b.flag(); !fromOne {
		first = b.id()
	}
	count := b.id()
	for number := first; number < first+count && !b.failed; number++ {
		switch b.read(2) {
		case statusUnknown:
		case statusDisabled:
			l = append(l, numbers{number, number, false})
		case statusEnabled:
			l = append(l, numbers{number, number, true})
		default:
			b.failed = true
		}
	}
	return l
}

// ranges reads ranges of numbers that are enabled, in order.
func (b *bits) ranges() (l list) {
	if b.read(4) != 0 { // other statuses than enabled
		b.failed = true
	}
	before := 0
	for count := b.id(); count > 0 && !b.failed; count-- {
		single := b.flag()
		n := numbers{first: b.id(), granted: true}
		n.last = n.first
		if !single {
			n.last = b.id()
		}
		b.failed = b.failed || n.first <= before || n.last < n.first
		before = n.last
		l = append(l, n)
	}
	return l
}
