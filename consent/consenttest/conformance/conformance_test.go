package conformance_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/internal/failtest"
)

// requireBroken runs a conformance test, and compares the rules that are reported.
func requireBroken(t *testing.T, what string, want []string, test func(testing.TB)) {
	t.Helper()
	var got []string
	for _, f := range failtest.All(t, test) {
		first, rest, _ := strings.Cut(f, "\n")
		got = append(got, strings.TrimPrefix(first, "conformance: the "+what+" breaks a rule: "))
		require.Regexp(t, `(?s)^\thow: .+\n\twhy it is one: .+`, rest)
	}
	require.ElementsMatch(t, want, got)
}
