package project_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The oldest Go release that can build the root module. An importer's go.mod is raised
// to it.
const oldestGo = "1.25.0"

// The module of the tools: an importer of the root module would get their
// requirements, too.
const toolsModule = "internal/tools"

var tools = []string{
	"github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod",
	"golang.org/x/exp/cmd/apidiff",
	"golang.org/x/perf/cmd/benchstat",
	"golang.org/x/vuln/cmd/govulncheck",
	"honnef.co/go/tools/cmd/staticcheck",
}

// goMod is the part of go mod edit -json that the tests look at.
type goMod struct {
	Module    struct{ Path string }
	Go        string
	Toolchain string
	Require   []requirement
	Tool      []struct{ Path string }
	Replace   []struct{ Old struct{ Path string } }
	Exclude   []struct{ Path string }
}

type requirement struct {
	Path, Version string
	Indirect      bool
}

// readGoMod reads the go.mod of a directory, given relative to the root.
func readGoMod(t *testing.T, dir string) (mod goMod) {
	t.Helper()
	file := filepath.Join(filepath.FromSlash(dir), "go.mod")
	goJSON(t, &mod, file, "mod", "edit", "-json", file)
	return mod
}

// goJSON runs a go command at the root and decodes what it prints. The go.mod that the
// result depends on is opened here, so that go test runs the test again when it has
// changed.
func goJSON(t *testing.T, v any, goMod string, args ...string) {
	t.Helper()
	_, err := os.ReadFile(filepath.Join(root, goMod))
	require.NoError(t, err)
	command := exec.Command("go", args...)
	command.Dir = root
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err, "go %s", strings.Join(args, " "))
	require.NoError(t, json.Unmarshal(out, v))
}

// moduleDirs lists the directories of the modules, seen from the root.
func moduleDirs(t *testing.T) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && file != root && holdsNoPackages(entry.Name()) {
			return fs.SkipDir
		}
		if entry.Name() == "go.mod" {
			dir, err := filepath.Rel(root, filepath.Dir(file))
			if err != nil {
				return err
			}
			dirs = append(dirs, filepath.ToSlash(dir))
		}
		return nil
	})
	require.NoError(t, err)
	require.Subset(t, dirs, []string{".", toolsModule})
	return dirs
}

func TestImportersKeepTheirGo(t *testing.T) {
	mod := readGoMod(t, ".")
	require.Equal(t, oldestGo, mod.Go)
	require.Empty(t, mod.Toolchain, "the toolchain line of the root module")
}

// The patch release that CI downloads is of the release in go.mod.
func TestCITestsWithTheOldestGo(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	require.NoError(t, err)
	match := regexp.MustCompile(`(?m)^readonly oldest=go(\d+\.\d+)\.\d+\b`).FindSubmatch(script)
	require.NotNil(t, match, ".ci/run does not say which Go is the oldest")
	require.Equal(t, oldestGo[:strings.LastIndex(oldestGo, ".")], string(match[1]))
}

func TestToolsAreInTheirOwnModule(t *testing.T) {
	for _, dir := range moduleDirs(t) {
		var found []string
		for _, tool := range readGoMod(t, dir).Tool {
			found = append(found, tool.Path)
		}
		if dir == toolsModule {
			require.ElementsMatch(t, tools, found)
			continue
		}
		require.Empty(t, found, "tools of the module in %s", dir)
	}
	for dir := range tree(t) {
		require.False(t, dir == toolsModule || strings.HasPrefix(dir, toolsModule+"/"),
			"%s holds Go files, which .ci/run does not test", dir)
	}
	for _, r := range readGoMod(t, ".").Require {
		require.False(t, slices.ContainsFunc(tools, func(tool string) bool {
			return strings.HasPrefix(tool, r.Path+"/")
		}), "%s is a tool's", r.Path)
	}
}
