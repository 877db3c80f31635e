package consenttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

func TestGrantAndDeny(t *testing.T) {
	require.Equal(t, consent.NewState(map[string]bool{"a": true, "b": true}), consenttest.Grant("b", "a"))
	require.Equal(t, consent.NewState(map[string]bool{"a": false, "b": false}), consenttest.Deny("a", "b"))
	require.Equal(t, consent.NewState(map[string]bool{"a": true, "b": false}),
		consenttest.Grant("a").Restrict(consenttest.Deny("b")))
}

// A list that a test computes may turn out empty.
func TestGrantAndDenyNeedAName(t *testing.T) {
	const cure = " without a category; for every category there are consent.All(consent.Granted) and consent.All(consent.Denied)"
	require.PanicsWithValue(t, "consenttest: Grant"+cure, func() { consenttest.Grant() })
	require.PanicsWithValue(t, "consenttest: Deny"+cure, func() { consenttest.Deny([]string{}...) })
	require.PanicsWithValue(t, "consenttest: Grant of a category without a name", func() { consenttest.Grant("a", "") })
}

func TestContext(t *testing.T) {
	s := consenttest.Grant("a")
	ctx := consenttest.Context(t, s)
	require.Equal(t, s, consent.FromContext(ctx))

	// It ends with the test, as t.Context does.
	t.Run("inner", func(t *testing.T) { ctx = consenttest.Context(t, s) })
	require.Error(t, ctx.Err())
}
