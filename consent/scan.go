package consent

import (
	"iter"
	"strings"

	"github.com/go-consent/segment/internal/escape"
)

// The readers here scan the text of a State as it is, without taking it apart: every
// answer a Policy asks for goes through them.

// presumed is a grant that a Default gave. It is a Choice of the text alone: to
// everybody else it is Granted.
const presumed = Granted + 1

func (c Choice) public() Choice { return min(c, Granted) }

func (s State) head() (rest Choice, asked bool) {
	text := s.String()[len(version):]
	return Choice(strings.IndexByte(signs, text[0])), text[1] == askedMark
}

func (s State) sections() (categories, destinations string) {
	_, lists, _ := strings.Cut(s.String(), ";")
	categories, destinations, _ = strings.Cut(lists, ";")
	return categories, destinations
}

func lookup(section, name string, rest Choice) Choice {
	for held, c := range entries(section) {
		if held == name {
			return c
		}
	}
	return rest
}

// entries iterates over a section; presumed grants are told from others.
func entries(section string) iter.Seq2[string, Choice] {
	return func(yield func(string, Choice) bool) {
		for section != "" {
			var entry string
			entry, section, _ = strings.Cut(section, ",")
			if !yield(escape.Undo(entry[1:]), choiceOf(entry)) {
				return
			}
		}
	}
}

// answers iterates over a section as the public methods show it.
func answers(section string) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for name, c := range entries(section) {
			if !yield(name, c != Denied) {
				return
			}
		}
	}
}

func choiceOf(entry string) Choice { return Choice(strings.IndexByte(signs, entry[0])) }

func choice(granted bool) Choice {
	if granted {
		return Granted
	}
	return Denied
}

func sign(granted bool) byte { return signs[choice(granted)] }

// merge returns a State of that rest and mark, whose names are those of s and t. For
// each of them pick gets the answers of the two, Unknown where it is not held, and
// returns the one to hold.
func (s State) merge(t State, rest Choice, asked bool, categories, destinations func(a, b Choice) Choice) State {
	var buf [2][512]byte // enough for most States, off the heap
	sCategories, sDestinations := s.sections()
	tCategories, tDestinations := t.sections()
	return compose(rest, asked,
		string(mergeLists(buf[0][:0], sCategories, tCategories, categories)),
		string(mergeLists(buf[1][:0], sDestinations, tDestinations, destinations)))
}

func mergeLists(out []byte, a, b string, pick func(a, b Choice) Choice) []byte {
	for a != "" || b != "" {
		fromA, restA, _ := strings.Cut(a, ",")
		fromB, restB, _ := strings.Cut(b, ",")
		order := 0
		switch {
		case a == "":
			order = 1
		case b == "":
			order = -1
		default:
			order = escape.Compare(fromA[1:], fromB[1:])
		}
		var name string
		inA, inB := Unknown, Unknown
		if order <= 0 {
			inA, name, a = choiceOf(fromA), fromA[1:], restA
		}
		if order >= 0 {
			inB, name, b = choiceOf(fromB), fromB[1:], restB
		}
		if picked := pick(inA, inB); picked != Unknown {
			if len(out) > 0 {
				out = append(out, ',')
			}
			out = append(out, signs[picked])
			out = append(out, name...)
		}
	}
	return out
}
