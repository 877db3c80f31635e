package tcf_test

import (
	"strconv"
	"strings"
	"time"
)

// A writer writes the bits of a segment. It is not part of the package, as a reader of TC strings
// must not write them.
type writer struct{ bits strings.Builder }

func (w *writer) number(v uint64, n int) *writer {
	digits := strconv.FormatUint(v, 2)
	w.bits.WriteString(strings.Repeat("0", n-len(digits)) + digits)
	return w
}

// field writes one bit for each id up to n.
func (w *writer) field(n int, ids ...int) *writer {
	bit := make([]byte, n)
	for i := range bit {
		bit[i] = '0'
	}
	for _, id := range ids {
		bit[id-1] = '1'
	}
	w.bits.Write(bit)
	return w
}

// vendors writes a set of vendors as bits, one for each id up to highest.
func (w *writer) vendors(highest int, ids ...int) *writer {
	return w.number(uint64(highest), 16).number(0, 1).field(highest, ids...)
}

// ranges writes a set of vendors as ranges, each in its longest form, even for a single id.
func (w *writer) ranges(highest int, ranges ...[2]int) *writer {
	return w.number(uint64(highest), 16).number(1, 1).entries(ranges...)
}

func (w *writer) entries(ranges ...[2]int) *writer {
	w.number(uint64(len(ranges)), 12)
	for _, r := range ranges {
		w.number(1, 1).number(uint64(r[0]), 16).number(uint64(r[1]), 16)
	}
	return w
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func (w *writer) String() string {
	bits := w.bits.String()
	bits += strings.Repeat("0", (6-len(bits)%6)%6)
	var s strings.Builder
	for ; bits != ""; bits = bits[6:] {
		v, _ := strconv.ParseUint(bits[:6], 2, 8)
		s.WriteByte(digits[v])
	}
	return s.String()
}

// A header is what a core string begins with.
type header struct {
	created, updated             time.Time
	cmp, list, policy            int
	features, purposes, interest []int
}

var march = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// core begins a core string: everything before the vendors.
func (h header) core() *writer {
	day := func(t time.Time) uint64 {
		if t.IsZero() {
			t = march
		}
		return uint64(t.UnixMilli() / 100)
	}
	return new(writer).number(2, 6).number(day(h.created), 36).number(day(h.updated), 36).
		number(uint64(h.cmp), 12).number(1, 12).number(1, 6).number('F'-'A', 6).number('R'-'A', 6).
		number(uint64(h.list), 12).number(uint64(h.policy), 6).number(1, 1).number(0, 1).
		field(12, h.features...).field(24, h.purposes...).field(24, h.interest...).
		number(0, 1).number('F'-'A', 6).number('R'-'A', 6)
}

// with completes a core string with vendors that have consent, and nothing else.
func (h header) with(vendors ...int) string {
	return h.core().vendors(1000, vendors...).vendors(0).number(0, 12).String()
}

func disclosed(ids ...int) string {
	return "." + new(writer).number(1, 3).vendors(1000, ids...).String()
}

// publisher is a publisher segment with custom purposes up to customs.
func publisher(customs int, consents ...int) string {
	w := new(writer).number(3, 3).field(24).field(24).number(uint64(customs), 6)
	return "." + w.field(customs, consents...).field(customs).String()
}
