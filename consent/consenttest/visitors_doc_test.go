package consenttest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest"
)

// The comment of Visitors lists the names that there are, in the same order.
func TestVisitorsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("visitors.go")
	require.NoError(t, err)
	_, comment, found := strings.Cut(string(source), "// Visitors returns")
	require.True(t, found)
	comment, _, found = strings.Cut(comment, "\nfunc ")
	require.True(t, found)
	var documented []string
	for _, line := range regexp.MustCompile(`(?m)^//\t(.{38}) (.+)$`).FindAllStringSubmatch(comment, -1) {
		documented = append(documented, strings.TrimSpace(line[1]))
		require.NotEmpty(t, strings.TrimSpace(line[2]), "what %s is", line[1])
	}

	var named []string
	category := regexp.MustCompile(`^(accepted|rejected) only .*`)
	for _, v := range (consenttest.Site{}).Visitors() {
		name := category.ReplaceAllString(v.Name, "$1 only <category>")
		if len(named) == 0 || named[len(named)-1] != name {
			named = append(named, name)
		}
	}
	// The visitors of a single category come before the one who withdrew.
	require.Equal(t, named, documented)
}
