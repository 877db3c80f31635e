package destinations

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"unicode/utf8"
)

// A node is a value of a JSON file, with its position. encoding/json reports only offsets, drops
// duplicate keys, and stops at the first value that does not fit.
type node struct {
	value  any // string, json.Number, bool, nil, []node or []member
	offset int // just behind its first token, which is on the same line
}

type member struct {
	key    string
	offset int
	value  node
}

const (
	maxFile  = 4 << 20 // bytes
	maxDepth = 16
	maxNodes = 1 << 17
)

var errFile = errors.New("not a register")

// A text is the bytes of a file, which knows its lines.
type source struct {
	data   []byte
	breaks []int // offsets of line feeds
}

func newSource(data []byte) source {
	s := source{data: data}
	for i, c := range data {
		if c == '\n' {
			s.breaks = append(s.breaks, i)
		}
	}
	return s
}

// line returns the line of what ends just before the offset.
func (s source) line(offset int) int {
	return sort.SearchInts(s.breaks, max(offset-1, 0)) + 1
}

// parse returns the tree of the file, or the one mistake that ends the reading.
func (s source) parse() (node, *Mistake) {
	if !utf8.Valid(s.data) {
		return node{}, &Mistake{Line: s.line(s.invalid()), Problem: "this is not UTF-8"}
	}
	decoder := json.NewDecoder(bytes.NewReader(s.data))
	decoder.UseNumber()
	p := treeParser{decoder: decoder}
	root, err := p.value(0)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return root, nil
		}
		if err == nil {
			err = fmt.Errorf("%w: something follows the end of the object", errFile)
		}
	}
	offset, problem := int(decoder.InputOffset()), err.Error()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, problem = len(bytes.TrimRight(s.data, " \t\r\n")), "the file ends too early"
	case errors.As(err, &syntax):
		offset = max(offset, min(int(syntax.Offset), len(s.data)))
		problem = "not JSON: " + problem
	}
	return node{}, &Mistake{Line: s.line(offset), Problem: problem}
}

// invalid returns the offset just behind the first byte that is not UTF-8.
func (s source) invalid() int {
	for i := 0; i < len(s.data); {
		r, size := utf8.DecodeRune(s.data[i:])
		if r == utf8.RuneError && size == 1 {
			return i + 1
		}
		i += size
	}
	return len(s.data)
}

type treeParser struct {
	decoder *json.Decoder
	nodes   int
}

func (p *treeParser) value(depth int) (node, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return node{}, err
	}
	return p.from(token, depth)
}

// from returns the value that begins with a token.
func (p *treeParser) from(token json.Token, depth int) (n node, err error) {
	n.offset = int(p.decoder.InputOffset())
	if p.nodes++; p.nodes > maxNodes {
		return n, fmt.Errorf("%w: more than %d values", errFile, maxNodes)
	}
	if depth > maxDepth {
		return n, fmt.Errorf("%w: nested deeper than %d", errFile, maxDepth)
	}
	switch token {
	case json.Delim('['):
		items := []node{}
		for p.decoder.More() {
			item, err := p.value(depth + 1)
			if err != nil {
				return n, err
			}
			items = append(items, item)
		}
		n.value = items
	case json.Delim('{'):
		members := []member{}
		for p.decoder.More() {
			m, err := p.member(depth)
			if err != nil {
				return n, err
			}
			members = append(members, m)
		}
		n.value = members
	default:
		n.value = token
		return n, nil
	}
	_, err = p.decoder.Token() // the end of the list or object
	return n, err
}

func (p *treeParser) member(depth int) (m member, err error) {
	token, err := p.decoder.Token()
	if err != nil {
		return m, err
	}
	m.key, _ = token.(string) // the decoder takes no other key
	m.offset = int(p.decoder.InputOffset())
	m.value, err = p.value(depth + 1)
	return m, err
}

func (n node) kind() string {
	switch n.value.(type) {
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []node:
		return "a list"
	case []member:
		return "an object"
	default:
		return "null"
	}
}

// has reports whether an object has a key.
func (n node) has(key string) bool {
	members, _ := n.value.([]member)
	return slices.ContainsFunc(members, func(m member) bool { return m.key == key })
}
