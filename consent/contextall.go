package consent

import (
	"context"
	"slices"
)

// NewContextAll returns a context for a visitor with several answers that must all allow, such as
// those of a device and of an account. [FromContext] returns the State that [Both] makes of them
// with p, which has to be the policy of the Client. A client of [NewQueued] keeps the answers
// themselves, since the combined State is only for one policy:
//
//	ruling, err := accounts.Ruling(r)
//	ctx := consent.NewContextAll(r.Context(), policy, ruling.Answers...)
//
// It replaces the State that ctx carries, so the signals of the browser must be in one of the
// answers ([State.Restrict]). Without an answer the State is All(Denied).
func NewContextAll(ctx context.Context, p Policy, answers ...State) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return &carrier{Context: ctx, state: all(p, answers), all: distinct(answers)}
}

// all returns a State under which p allows what it allows under each of the answers.
func all(p Policy, answers []State) State {
	answers = distinct(answers)
	if len(answers) == 0 {
		return State{}
	}
	s := answers[0]
	for _, t := range answers[1:] {
		s = Both(p, s, t)
	}
	return s
}

// distinct returns the answers without repetitions, in a list of its own.
func distinct(answers []State) []State {
	var list []State
	for _, s := range answers {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// answersOf returns the answers that ctx carries; nil if it is one, or none.
func answersOf(ctx context.Context) []State {
	if ctx == nil {
		return nil
	}
	if c, ok := ctx.Value(contextKey{}).(*carrier); ok {
		return c.all
	}
	return nil
}
