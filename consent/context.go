package consent

import "context"

type contextKey struct{}

// NewContext returns a context that carries s. The middleware package does this
// for the requests it serves; a job that received the text of a State does it
// itself.
func NewContext(ctx context.Context, s State) context.Context {
	return context.WithValue(ctx, contextKey{}, s)
}

// FromContext returns the State that ctx carries. A context without one, or a
// nil context, means that nobody looked, and gives All(Denied).
func FromContext(ctx context.Context) State {
	if s, ok := Lookup(ctx); ok {
		return s
	}
	return All(Denied)
}

// Lookup returns the State that ctx carries, and whether it carries one.
func Lookup(ctx context.Context) (State, bool) {
	if ctx == nil {
		return State{}, false
	}
	s, ok := ctx.Value(contextKey{}).(State)
	return s, ok
}
