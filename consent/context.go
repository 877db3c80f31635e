package consent

import "context"

type contextKey struct{}

// A carrier is a context that carries a State. It does what context.WithValue would,
// without putting the State into an interface at every request.
type carrier struct {
	context.Context
	state State
	all   []State // several of which state was made, or nil
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
	return &carrier{Context: ctx, state: s}
}

// FromContext returns the State that ctx carries. A context without one, or a
// nil context, means that nobody looked, and gives All(Denied).
func FromContext(ctx context.Context) State {
	s, _ := Lookup(ctx)
	return s
}

// Lookup returns the State that ctx carries, and whether it carries one. Without one
// the State is All(Denied).
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

// Detach returns a context that carries what ctx carries of this package, and nothing else of
// ctx: no deadline and no value, such as a transaction. It is for work that is not the
// request's own. A context that carries no State stays one.
func Detach(ctx context.Context) context.Context {
	if ctx != nil {
		if c, ok := ctx.Value(contextKey{}).(*carrier); ok {
			return &carrier{Context: context.Background(), state: c.state, all: c.all}
		}
	}
	return context.Background()
}

// Text returns the State that ctx carries as text, for the payload of a job, a header
// between your own services, or the metadata of an RPC; "" if it carries none.
// [WithText] is the other end. The text is not signed: never take it from a visitor.
func Text(ctx context.Context) string {
	s, ok := Lookup(ctx)
	if !ok {
		return ""
	}
	return s.String()
}

// WithText returns a context that carries the State of a text that [Text] returned.
// With "" that is All(Denied): nobody looked. It is All(Denied) also for anything that is not the
// text of a State, or is longer than 16 KiB; then there is an error, which wraps [ErrStateText].
func WithText(ctx context.Context, text string) (context.Context, error) {
	var s State
	if text == "" {
		return NewContext(ctx, s), nil
	}
	err := s.UnmarshalText([]byte(text))
	return NewContext(ctx, s), err
}
