package statetext

import (
	"bytes"
	"cmp"
	"strings"
)

// Check returns what is wrong with a text, or "" if nothing is: it is canonical then.
func Check(text []byte) (wrong string) {
	rest, ok := bytes.CutPrefix(text, []byte(version))
	if !ok {
		return checkVersion(text)
	}
	head, lists, _ := bytes.Cut(rest, []byte(";"))
	if len(head) == 0 || strings.IndexByte(signs, head[0]) < 0 || len(head) > 1 && string(head[1:]) != string(askedMark) {
		return "a bad first section"
	}
	categories, destinations, ok := bytes.Cut(lists, []byte(";"))
	if !ok {
		return "not three sections"
	}
	return cmp.Or(checkSection(categories), checkSection(destinations))
}

// checkVersion returns what is wrong with a text of an unknown version.
func checkVersion(text []byte) (wrong string) {
	switch v, _, ok := bytes.Cut(text, []byte(".")); {
	case len(text) == 0:
		return "empty"
	case !ok || len(v) == 0:
		return "no version"
	default:
		return "a version this library does not know"
	}
}

func checkSection(section []byte) (wrong string) {
	var previous []byte
	for first, more := true, len(section) > 0; more; first = false {
		if len(section) == 0 || section[0] != '+' && section[0] != '-' && section[0] != '~' {
			return "an answer that is none of +, - and ~"
		}
		section = section[1:]
		known := shared(previous, section)
		end := known + span(section[known:])
		name := section[:end]
		if more = end < len(section); more {
			if section[end] != ',' {
				return "a name that is not escaped as it should be"
			}
			section = section[end+1:]
		}
		if !first && !before(previous, name, known) {
			return "names out of order"
		}
		previous = name
	}
	return ""
}
