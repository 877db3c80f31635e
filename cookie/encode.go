package cookie

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/go-consent/segment/consent"
)

// Encode returns the value of a cookie that holds s, byte for byte as the Consent Manager's
// script writes it. [Decode] reverses it.
//
// The script writes names in its own order; Encode writes those that are array indexes first, as
// JavaScript does, and the others in UTF-16 order, which [Codec.Order] can replace. In a name
// that is not UTF-8, invalid bytes become U+FFFD.
//
// Presumed grants are not the visitor's answer, and are left out. It is an error that wraps
// [ErrNotEncodable] if s then holds no answer; if its rest is known, or it answers for
// destinations without being marked as asked by destination, which the format cannot express; or
// if value and [DefaultName] are over the 4096 bytes that browsers store.
func Encode(s consent.State) (string, error) { return encode(DefaultName, s, nil) }

// encode is Encode for a cookie with that raw name, with names in the given order.
func encode(name string, s consent.State, order []string) (string, error) {
	s = s.Given()
	ranks := ranksOf(order)
	categories, destinations := members(s.Categories(), ranks), members(s.Destinations(), ranks)
	asked := s.AskedByDestination()
	switch {
	case s == consent.NewState(nil):
		return "", notEncodable("no answer")
	case s.Rest() != consent.Unknown:
		return "", notEncodable("an answer for every name")
	case !asked && len(destinations) > 0:
		return "", notEncodable("destinations of a visitor who was not asked by destination")
	}
	doc := []byte(`{"version":1`)
	if asked {
		doc = appendMembers(append(doc, `,"destinations":`...), destinations)
	}
	if len(categories) > 0 {
		doc = appendMembers(append(doc, `,"custom":`...), categories)
	}
	value := percentEncode(nil, string(append(doc, '}')), valueRaw)
	if len(name)+len(value) > maxSize {
		return "", notEncodable("longer than a browser stores")
	}
	return string(value), nil
}

type member struct {
	name    string
	granted bool
}

// ranksOf returns the rank of each listed name, the first of which has the lowest, below zero. A
// name that is not listed has rank zero.
func ranksOf(order []string) map[string]int {
	if len(order) == 0 {
		return nil
	}
	ranks := make(map[string]int, len(order))
	for i, name := range slices.Backward(order) {
		ranks[strings.ToValidUTF8(name, "\uFFFD")] = i - len(order)
	}
	return ranks
}

// members lists answers in the order of a JavaScript object. Names that are not UTF-8 may become
// equal; then a denial counts.
func members(answers iter.Seq2[string, bool], ranks map[string]int) []member {
	var list []member
	for name, granted := range answers {
		list = append(list, member{strings.ToValidUTF8(name, "\uFFFD"), granted})
	}
	slices.SortFunc(list, func(a, b member) int {
		return cmp.Or(compareKeys(a.name, b.name, ranks), compareBool(a.granted, b.granted))
	})
	return slices.CompactFunc(list, func(a, b member) bool { return a.name == b.name })
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// compareKeys orders array indexes by number, then other keys by rank, then by
// their UTF-16.
func compareKeys(a, b string, ranks map[string]int) int {
	i, aOK := arrayIndex(a)
	j, bOK := arrayIndex(b)
	switch {
	case aOK && bOK:
		return cmp.Compare(i, j)
	case aOK || bOK:
		return compareBool(bOK, aOK)
	}
	return cmp.Or(cmp.Compare(ranks[a], ranks[b]), compareUTF16(a, b))
}

// arrayIndex returns the number of a key that is an array index in the sense of ECMAScript.
func arrayIndex(key string) (uint64, bool) {
	i, err := strconv.ParseUint(key, 10, 32)
	return i, err == nil && i < 1<<32-1 && strconv.FormatUint(i, 10) == key
}

func compareUTF16(a, b string) int {
	return slices.CompareFunc([]rune(a), []rune(b), func(r, q rune) int {
		return cmp.Compare(rankUTF16(r), rankUTF16(q))
	})
}

// rankUTF16 ranks runes in UTF-16 order: those from U+E000 to U+FFFF above those that take a
// surrogate pair.
func rankUTF16(r rune) rune {
	if 0xE000 <= r && r <= 0xFFFF {
		return r + 1<<21
	}
	return r
}

func appendMembers(doc []byte, list []member) []byte {
	doc = append(doc, '{')
	for i, m := range list {
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = append(appendJSON(doc, m.name), ':')
		doc = strconv.AppendBool(doc, m.granted)
	}
	return append(doc, '}')
}

// appendJSON appends a string as JSON.stringify writes it. encoding/json escapes more
// characters.
func appendJSON(doc []byte, s string) []byte {
	doc = append(doc, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			doc = append(doc, '\\', c)
		case '\b':
			doc = append(doc, '\\', 'b')
		case '\f':
			doc = append(doc, '\\', 'f')
		case '\n':
			doc = append(doc, '\\', 'n')
		case '\r':
			doc = append(doc, '\\', 'r')
		case '\t':
			doc = append(doc, '\\', 't')
		default:
			if c < ' ' {
				doc = append(doc, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
			} else {
				doc = append(doc, c)
			}
		}
	}
	return append(doc, '"')
}
