package adopt

import (
	"strings"
	"unicode/utf16"
)

// maxText limits the decompressed text, in UTF-16 units. A cookie can hold a text of
// millions.
const maxText = 16 << 10

// A span is a part of the text.
type span struct{ start, length int }

// decompress decodes a text that lz-string compressed to base64. It takes time and memory
// linear in the value and in the text, up to maxText.
//
// The format is LZ78: numbers of a growing width, whose dictionary starts with 0 and 1
// for a new character of 8 or 16 bits, and 2 for the end. Each entry is a part of the
// text read so far, and is stored as a span of it.
func decompress(value string) (text string, ok bool) {
	b, ok := newBits(strings.TrimRight(value, "="))
	if !ok {
		return "", false
	}
	var (
		out        []uint16
		dictionary []span // from the number 3 on
		last       span   // what the last number stood for
		width      = 2    // of the first number only
		room       = 1    // numbers until the next width
	)
	for {
		number, ok := b.read(width)
		if !ok {
			return "", false
		}
		if number == 2 {
			return string(utf16.Decode(out)), true
		}
		entry := span{len(out), 1}
		switch {
		case number < 2:
			c, ok := b.read(8 << number)
			if !ok {
				return "", false
			}
			out = append(out, uint16(c))
			dictionary = append(dictionary, entry)
			room--
		case number-3 < len(dictionary):
			known := dictionary[number-3]
			entry.length = known.length
			out = append(out, out[known.start:known.start+known.length]...)
		case number-3 == len(dictionary) && last.length > 0: // the entry that this number creates
			entry.length = last.length + 1
			out = append(out, out[last.start:last.start+last.length]...)
			out = append(out, out[last.start])
		default:
			return "", false
		}
		if len(out) > maxText {
			return "", false
		}
		if room == 0 {
			room = 1 << width
			width++
		}
		if last.length > 0 {
			dictionary = append(dictionary, span{last.start, last.length + 1})
			if room--; room == 0 {
				room = 1 << width
				width++
			}
		}
		last = entry
	}
}

// bits reads numbers from the digits of base64: the high bit of a digit first, the low
// bit of a number first.
type bits struct {
	digits []byte
	at     int // of the next bit
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func newBits(value string) (b bits, ok bool) {
	b.digits = make([]byte, len(value))
	for i := range len(value) {
		digit := strings.IndexByte(alphabet, value[i])
		if digit < 0 {
			return bits{}, false
		}
		b.digits[i] = byte(digit)
	}
	return b, true
}

func (b *bits) read(n int) (number int, ok bool) {
	if b.at+n > 6*len(b.digits) {
		return 0, false
	}
	for i := range n {
		digit := int(b.digits[b.at/6])
		number |= digit >> (5 - b.at%6) & 1 << i
		b.at++
	}
	return number, true
}
