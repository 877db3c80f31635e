package project_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Segment's wrapper names categories by a platform's own ids. The package comment of each platform
// has a table from these ids to the site's categories, and says what no server can see.
func TestPlatformsAreDescribed(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(root, "cookie", "*", "*.go"))
	require.NoError(t, err)
	comments := make(map[string]string)
	for _, path := range dirs {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		require.NoError(t, err)
		comments[filepath.Base(filepath.Dir(path))] += file.Doc.Text()
	}
	require.GreaterOrEqual(t, len(comments), 20)
	for name, comment := range comments {
		require.Contains(t, comment, "# What it cannot see\n", name)
		_, names, ok := strings.Cut(comment, "# Names\n")
		require.True(t, ok, name)
		names, _, _ = strings.Cut(names, "\n# ")
		if name == "adroll" {
			continue // those of the framework
		}
		require.GreaterOrEqual(t, strings.Count(names, "\n\t"), 2, "%s: no table", name)
	}
}
