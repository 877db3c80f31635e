package consent

import "context"

type contextKey struct{}

// A carrier is a context that carries a State. It does what context.WithValue would,
// without putting the State into an interface at every request.
type carrier struct {
	context.Context
	state State
}

func (c *carrier) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// NewContext returns a context that carries s. The middleware package does this
// for the requests it serves; a job that received the text of a State does it
// itself. A nil ctx stands for [context.Background].
func NewContext(ctx context.Context, s State) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return &carrier{ctx, s}
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
	c, ok := ctx.Value(contextKey{}).(*carrier)
	if !ok {
		return State{}, false
	}
	return c.state, true
}
