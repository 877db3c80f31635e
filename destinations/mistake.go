package destinations

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A Mistake is one thing that is wrong in the file of a [Register]. It wraps
// [ErrRegister].
type Mistake struct {
	Line    int    // from 1
	Key     string // such as "destinations[2].owner"; "" for the whole file
	Problem string
}

// Error returns the mistake with its line and key.
func (m *Mistake) Error() string {
	if m.Key == "" {
		return fmt.Sprintf("line %d: %s", m.Line, m.Problem)
	}
	return fmt.Sprintf("line %d: %s: %s", m.Line, m.Key, m.Problem)
}

// Unwrap returns ErrRegister.
func (m *Mistake) Unwrap() error { return ErrRegister }

// Mistakes returns the mistakes that an error of [Load] joins, in the order of the lines, even if
// the error is wrapped.
func Mistakes(err error) []*Mistake {
	switch e := err.(type) {
	case *Mistake:
		return []*Mistake{e}
	case interface{ Unwrap() []error }:
		var all []*Mistake
		for _, one := range e.Unwrap() {
			all = append(all, Mistakes(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		return Mistakes(e.Unwrap())
	default:
		return nil
	}
}

// maxMistakes is how many are reported of one file.
const maxMistakes = 100

func join(mistakes []*Mistake) error {
	slices.SortStableFunc(mistakes, func(a, b *Mistake) int { return cmp.Compare(a.Line, b.Line) })
	var all []error
	for i, m := range mistakes {
		if i == maxMistakes {
			all = append(all, &Mistake{Line: m.Line, Problem: fmt.Sprintf("%d more mistakes", len(mistakes)-i)})
			break
		}
		all = append(all, m)
	}
	return errors.Join(all...)
}
