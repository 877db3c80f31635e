package project_test

import (
	"go/ast"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	codeSpan     = regexp.MustCompile("`([^`\n]+)`")
	testName     = regexp.MustCompile(`^(Test|Example|Fuzz|Benchmark)([A-Z]\w*)?$`)
	relativeLink = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

// documents lists the Markdown files of the repository, seen from the root, and those of
// nested modules too.
func documents(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range trackedFiles(t) {
		if path.Ext(name) == ".md" {
			names = append(names, name)
		}
	}
	require.Contains(t, names, ".github/FAQ.md")
	return names
}

func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}

// Every test that a document names exists.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	known := make(map[string]bool)
	for _, p := range tree(t) {
		for _, file := range p.tests {
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok {
					known[f.Name.Name] = true
				}
			}
		}
	}
	found := 0
	for _, name := range documents(t) {
		for _, span := range codeSpan.FindAllStringSubmatch(readDocument(t, name), -1) {
			if testName.MatchString(span[1]) {
				found++
				require.True(t, known[span[1]], "%s names %s", name, span[1])
			}
		}
	}
	require.Greater(t, found, 15)
}

func TestDocumentsLinkToWhatExists(t *testing.T) {
	found := 0
	for _, name := range documents(t) {
		for _, link := range relativeLink.FindAllStringSubmatch(readDocument(t, name), -1) {
			found++
			target, err := url.PathUnescape(link[1])
			require.NoError(t, err)
			_, err = os.Stat(filepath.Join(root, filepath.FromSlash(path.Join(path.Dir(name), target))))
			require.NoError(t, err, "%s links to %s", name, strings.TrimSpace(target))
		}
	}
	require.Greater(t, found, 20)
}
