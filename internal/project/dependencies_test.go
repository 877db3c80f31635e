package project_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// The modules that an importer of this one gets, and that the tests need. Whatever
// needs another is a module of its own.
var (
	directDependencies = []string{
		"github.com/segmentio/analytics-go/v3",
		"github.com/stretchr/testify",
		"golang.org/x/net",
	}
	tools = []string{"golang.org/x/exp/cmd/apidiff"}
)

// What was read in the source of analytics-go holds for this version. A newer one
// has to be read again.
const analyticsVersion = "v3.3.0"

// goMod is the part of go mod edit -json that the tests look at.
type goMod struct {
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Tool    []struct{ Path string }
	Replace []struct{ Old struct{ Path string } }
	Exclude []struct{ Path string }
}

func readGoMod(t *testing.T) (mod goMod) {
	t.Helper()
	goJSON(t, &mod, "mod", "edit", "-json")
	return mod
}

// goJSON runs a go command at the root and decodes what it prints. All that it is
// used for depends on go.mod alone; opening that makes go test run the test again
// when it has changed.
func goJSON(t *testing.T, v any, args ...string) {
	t.Helper()
	_, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	command := exec.Command("go", args...)
	command.Dir = root
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err, "go %s", strings.Join(args, " "))
	require.NoError(t, json.Unmarshal(out, v))
}

func TestDirectDependencies(t *testing.T) {
	mod := readGoMod(t)
	var direct, toolPaths []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
		if r.Path == analyticsPath {
			require.Equal(t, analyticsVersion, r.Version)
		}
	}
	for _, tool := range mod.Tool {
		toolPaths = append(toolPaths, tool.Path)
	}
	require.ElementsMatch(t, directDependencies, direct)
	require.ElementsMatch(t, tools, toolPaths)
	require.Empty(t, mod.Replace, "a replacement has no effect for those who import the module")
	require.Empty(t, mod.Exclude, "an exclusion has no effect for those who import the module")
}

// A message of a seventh type would be refused until this library knows it.
func TestAnalyticsHasTheSixMessageTypes(t *testing.T) {
	var module struct{ Dir string }
	goJSON(t, &module, "list", "-m", "-json", analyticsPath)
	sources, err := filepath.Glob(filepath.Join(module.Dir, "*.go"))
	require.NoError(t, err)

	messages := make(map[string]bool)
	fset := token.NewFileSet()
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, source, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Validate" {
				continue
			}
			receiver := f.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			if name := receiver.(*ast.Ident).Name; ast.IsExported(name) {
				messages[name] = true
			}
		}
	}
	require.Equal(t,
		[]string{"Alias", "Group", "Identify", "Page", "Screen", "Track"},
		slices.Sorted(maps.Keys(messages)))
}

// The consent of a message is written to the Extra of its Context, which a field for
// the same key would contradict; what is closed, to its Integrations.
func TestAnalyticsHasNoConsentOfItsOwn(t *testing.T) {
	extra := false
	for field := range reflect.TypeFor[analytics.Context]().Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		for _, name := range []string{key, field.Name} {
			require.False(t, strings.EqualFold(name, "consent"), "analytics.Context has a field %s", field.Name)
		}
		extra = extra || field.Name == "Extra" && key == "-"
	}
	require.True(t, extra, "analytics.Context has no Extra")

	for _, message := range []analytics.Message{
		analytics.Alias{}, analytics.Group{}, analytics.Identify{}, analytics.Page{}, analytics.Screen{}, analytics.Track{},
	} {
		var found []string
		for field := range reflect.TypeOf(message).Fields() {
			switch field.Type {
			case reflect.TypeFor[*analytics.Context](), reflect.TypeFor[analytics.Integrations]():
				found = append(found, field.Name)
			}
			require.False(t, strings.EqualFold(field.Name, "consent"), "%T has a field %s", message, field.Name)
		}
		require.ElementsMatch(t, []string{"Context", "Integrations"}, found, "%T", message)
	}
}
