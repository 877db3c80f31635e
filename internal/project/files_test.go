package project_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Everything at the top of the repository, except names that begin with a dot.
var topLevel = []string{
	"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md",
	"consent", "cookie", "destinations", "doc.go", "examples",
	"go.mod", "go.sum", "internal", "middleware",
}

// trackedFiles lists what git tracks. The test is skipped without git, and in a
// copy of the sources that is no repository.
func trackedFiles(t *testing.T) []string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("not a git repository")
	}
	// By this look at the index, go test knows when a cached result is out of date.
	if _, err := os.Stat(filepath.Join(root, ".git", "index")); err != nil {
		t.Log("the index is elsewhere: a cached result may be out of date")
	}
	files := strings.Split(strings.TrimSuffix(git(t, "ls-files", "-z"), "\x00"), "\x00")
	require.Greater(t, len(files), len(topLevel))
	return files
}

// git runs git at the root. The checkout may belong to another user, as it does in a
// container; git refuses that by itself.
func git(t *testing.T, args ...string) (output string) {
	t.Helper()
	command := exec.Command("git", append([]string{"-c", "safe.directory=*"}, args...)...)
	command.Dir = root
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	return string(out)
}

func TestTopLevelFilesAreListed(t *testing.T) {
	found := make(map[string]bool)
	for _, file := range trackedFiles(t) {
		top, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(top, ".") {
			found[top] = true
		}
	}
	for _, name := range topLevel {
		require.True(t, found[name], "%s is missing", name)
		delete(found, name)
	}
	require.Empty(t, found, "not expected at the top of the repository")
}

// The names are put together here so that this file does not hold them.
var unwanted = map[string]*regexp.Regexp{
	"the host of a package registry": regexp.MustCompile(`(?i)` + strings.Join([]string{
		host("proxy", "golang", "org"),
		host("sum", "golang", "org"),
		host("registry", "npmjs", "org"),
		host("registry", "yarnpkg", "com"),
		host("deb", "debian", "org"),
		host("pypi", "org"),
		host("files", "pythonhosted", "org"),
	}, "|")),
	"a path of somebody's machine": regexp.MustCompile(`(^|[^A-Za-z0-9._-])/(` + strings.Join([]string{
		"work", "tmp", "root", "home", "Users",
	}, "|") + `)/[A-Za-z]`),
}

func host(labels ...string) string { return `\b` + strings.Join(labels, `\.`) + `\b` }

func TestNoFileNamesLocalPaths(t *testing.T) {
	for _, name := range trackedFiles(t) {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		require.NoError(t, err)
		for number, line := range bytes.Split(content, []byte("\n")) {
			for what, pattern := range unwanted {
				if match := pattern.Find(line); match != nil {
					t.Errorf("%s:%d holds %s: %s", name, number+1, what, match)
				}
			}
		}
	}
}

// People and the workflow call the scripts, with bash and without.
func TestScriptsAreExecutable(t *testing.T) {
	for _, name := range []string{".ci/run", ".ci/apidiff"} {
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&fs.FileMode(0o100), "%s is not executable", name)
	}
}
