package consent

import (
	"iter"
	"strings"
)

// The readers here scan the text of a State as it is, without taking it apart: every
// answer a Policy asks for goes through them.

func (s State) head() (rest Choice, asked bool) {
	text := s.String()[len(version):]
	return Choice(strings.IndexByte(restSigns, text[0])), text[1] == askedMark
}

func (s State) sections() (categories, destinations string) {
	_, lists, _ := strings.Cut(s.String(), ";")
	categories, destinations, _ = strings.Cut(lists, ";")
	return categories, destinations
}

func lookup(section, name string, rest Choice) Choice {
	for held, granted := range entries(section) {
		if held == name {
			return choice(granted)
		}
	}
	return rest
}

func entries(section string) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		for section != "" {
			var entry string
			entry, section, _ = strings.Cut(section, ",")
			if !yield(unescape(entry[1:]), entry[0] == sign(true)) {
				return
			}
		}
	}
}

func choice(granted bool) Choice {
	if granted {
		return Granted
	}
	return Denied
}

func sign(granted bool) byte { return restSigns[choice(granted)] }

// answers takes s apart.
func (s State) answers() answers {
	categories, destinations := s.sections()
	rest, asked := s.head()
	return answers{rest, asked, collect(categories), collect(destinations)}
}

func collect(section string) (list []answer) {
	for name, granted := range entries(section) {
		list = append(list, answer{name, granted})
	}
	return list
}
