package consent

import (
	"context"
	"strings"
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
	s, ok := Lookup(NewContext(context.Background(), NewState(nil)))
	require.True(t, ok, "looked, and found no answer")
	require.Equal(t, NewState(nil), s)
}

func TestTextOfAContext(t *testing.T) {
	for _, s := range []State{{}, NewState(nil), All(Granted), NewState(map[string]bool{"a": true}).Presume()} {
		ctx, err := WithText(t.Context(), Text(NewContext(t.Context(), s)))
		require.NoError(t, err)
		require.Equal(t, s, FromContext(ctx))
	}
	require.Empty(t, Text(t.Context()), "nobody looked")
	var none context.Context
	require.Empty(t, Text(none))
	ctx, err := WithText(none, "")
	require.NoError(t, err)
	require.Equal(t, All(Denied), FromContext(ctx))

	many := map[string]bool{strings.Repeat("a", maxTextSize): true}
	outer := NewContext(t.Context(), All(Granted))
	for _, text := range []string{"1.", "2.?;;", Text(NewContext(t.Context(), NewState(many)))} {
		ctx, err := WithText(outer, text)
		require.ErrorIs(t, err, ErrStateText)
		require.Equal(t, All(Denied), FromContext(ctx), "and not what the outer context carries")
	}
}

func TestDetachKeepsTheAnswersAlone(t *testing.T) {
	type key struct{}
	s := NewState(map[string]bool{"analytics": true})
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, 1))
	cancel()
	detached := Detach(NewContext(ctx, s))
	require.Equal(t, s, FromContext(detached))
	require.Nil(t, detached.Value(key{}))
	require.NoError(t, detached.Err())
	var none context.Context
	for _, none := range []context.Context{none, ctx} {
		_, found := Lookup(Detach(none))
		require.False(t, found)
	}
}
