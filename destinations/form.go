package destinations

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A form reads the tree of a file into values, and collects the mistakes on the way.
type form struct {
	source   source
	lines    map[string]int
	mistakes []*Mistake
}

// A set reads the node at a key into a variable.
type set func(n node, key string)

func (f *form) wrong(n node, key, format string, args ...any) {
	f.mistakes = append(f.mistakes, &Mistake{f.source.line(n.offset), key, fmt.Sprintf(format, args...)})
}

// object reads an object of those fields. A key with a "!" is required.
func (f *form) object(fields map[string]set) set {
	return func(n node, key string) {
		members, ok := n.value.([]member)
		if !ok {
			f.wrong(n, key, "is %s, not an object", n.kind())
			return
		}
		f.lines[key] = f.source.line(n.offset)
		first := make(map[string]member)
		for _, m := range members {
			at := node{offset: m.offset}
			path := strings.TrimPrefix(key+"."+printable(m.key), ".")
			read := fields[m.key]
			if read == nil {
				read = fields[m.key+"!"]
			}
			if read == nil || strings.HasSuffix(m.key, "!") {
				f.wrong(at, path, "there is no such key%s", suggestion(m.key, fields))
				continue
			}
			if earlier, ok := first[m.key]; ok {
				f.wrong(at, path, "is there twice, first in line %d", f.source.line(earlier.offset))
				continue
			}
			first[m.key] = m
			f.lines[path] = f.source.line(m.offset)
			read(m.value, path)
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if required, ok := strings.CutSuffix(name, "!"); ok {
				if _, there := first[required]; !there {
					f.wrong(n, key, "the key %q is missing", required)
				}
			}
		}
	}
}

// printable returns a key in a form that is safe in a log: a line feed could forge another line.
func printable(key string) string {
	if runes := []rune(key); len(runes) > maxName {
		key = string(runes[:maxName]) + "…"
	}
	if strings.ContainsFunc(key, unicode.IsControl) {
		return strconv.Quote(key)
	}
	return key
}

// suggestion returns the key that is probably meant.
func suggestion(key string, fields map[string]set) string {
	plain := func(s string) string {
		return strings.TrimSuffix(strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "", "!", "").Replace(s)), "s")
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if plain(name) == plain(key) {
			return fmt.Sprintf("; is %q meant?", strings.TrimSuffix(name, "!"))
		}
	}
	return ""
}

// list reads a list of at most that many items.
func (f *form) list(limit int, item func() set) set {
	return func(n node, key string) {
		items, ok := n.value.([]node)
		if !ok {
			f.wrong(n, key, "is %s, not a list", n.kind())
			return
		}
		if len(items) > limit {
			f.wrong(n, key, "has %d items, the limit is %d", len(items), limit)
			return
		}
		for i, child := range items {
			path := index(key, i)
			f.lines[path] = f.source.line(child.offset)
			item()(child, path)
		}
	}
}

// What a text may be. The schema has the same limits.
const (
	maxName = 200  // characters, without line feeds
	maxText = 4000 // characters
	maxList = 200  // items
)

func (f *form) name(into *string) set { return f.string(into, maxName, "") }
func (f *form) text(into *string) set { return f.string(into, maxText, "\t\n\r") }

func (f *form) string(into *string, limit int, control string) set {
	return func(n node, key string) {
		s, ok := n.value.(string)
		switch {
		case !ok:
			f.wrong(n, key, "is %s, not a string", n.kind())
		case !strings.ContainsFunc(s, func(r rune) bool { return r > ' ' && r != 0x7f }):
			f.wrong(n, key, "is empty")
		case utf8.RuneCountInString(s) > limit:
			f.wrong(n, key, "has %d characters, the limit is %d", utf8.RuneCountInString(s), limit)
		case strings.ContainsFunc(s, func(r rune) bool { return (r < ' ' || r == 0x7f) && !strings.ContainsRune(control, r) }):
			f.wrong(n, key, "holds a control character")
		default:
			*into = s
		}
	}
}

func (f *form) names(into *[]string) set { return f.strings(into, f.name) }
func (f *form) texts(into *[]string) set { return f.strings(into, f.text) }

func (f *form) strings(into *[]string, read func(*string) set) set {
	return f.list(maxList, func() set {
		return func(n node, key string) {
			var s string
			read(&s)(n, key)
			*into = append(*into, s)
		}
	})
}

func (f *form) flag(into *bool) set {
	return func(n node, key string) {
		b, ok := n.value.(bool)
		if !ok {
			f.wrong(n, key, "is %s, not true or false", n.kind())
		}
		*into = b
	}
}

func (f *form) date(into *time.Time) set {
	return func(n node, key string) {
		s, ok := n.value.(string)
		date, err := time.Parse(time.DateOnly, s)
		if !ok || err != nil {
			f.wrong(n, key, "is no date such as 2026-11-25")
		}
		*into = date
	}
}

// matching reads a string that matches a pattern.
func (f *form) matching(into *string, pattern *regexp.Regexp, what string) set {
	return func(n node, key string) {
		s, ok := n.value.(string)
		if !ok || !pattern.MatchString(s) {
			f.wrong(n, key, "is not %s", what)
		}
		*into = s
	}
}

// oneOf reads one of the words.
func oneOf[T ~string](f *form, into *T, words ...T) set {
	return func(n node, key string) {
		s, ok := n.value.(string)
		if !ok || !slices.Contains(words, T(s)) {
			var quoted []string
			for _, w := range words {
				quoted = append(quoted, strconv.Quote(string(w)))
			}
			f.wrong(n, key, "is none of %s", strings.Join(quoted, ", "))
		}
		*into = T(s)
	}
}

// one reads the number 1.
func (f *form) one(n node, key string) {
	number, _ := n.value.(json.Number)
	if value, err := number.Float64(); err != nil || value != 1 {
		f.wrong(n, key, "is not 1, the only version that there is")
	}
}
