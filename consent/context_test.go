package consent

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContextCarriesAState(t *testing.T) {
	type otherKey struct{}
	s := NewState(map[string]bool{"analytics": true})
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), otherKey{}, "other"))
	ctx := NewContext(parent, s)
	inner, cancelInner := context.WithCancel(context.WithValue(ctx, otherKey{}, "inner"))
	defer cancelInner()

	require.Equal(t, s, FromContext(ctx))
	require.Equal(t, s, FromContext(inner))
	require.Equal(t, All(Granted), FromContext(NewContext(inner, All(Granted))), "the innermost counts")
	require.Equal(t, "other", ctx.Value(otherKey{}))
	require.Nil(t, ctx.Value("none"))
	cancel()
	<-inner.Done()
	require.ErrorIs(t, ctx.Err(), context.Canceled)
}

func TestNobodyLooked(t *testing.T) {
	var none context.Context
	for _, ctx := range []context.Context{none, context.Background()} {
		require.Equal(t, All(Denied), FromContext(ctx))
		_, ok := Lookup(ctx)
		require.False(t, ok)
	}
	require.Equal(t, All(Granted), FromContext(NewContext(none, All(Granted))))
	s, ok := Lookup(NewContext(context.Background(), State{}))
	require.True(t, ok, "looked, and found no answer")
	require.True(t, s.IsZero())
}
