package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// The modules that an importer of this one gets, and those that the tests need. Code that needs
// another module belongs in a nested module.
var directDependencies = []string{
	"github.com/segmentio/analytics-go/v3",
	"github.com/stretchr/testify",
	"golang.org/x/net",
}

// What this library assumes about the source of analytics-go was checked in this version. It has
// to be checked again in a newer one.
const analyticsVersion = "v3.3.0"

func TestDirectDependencies(t *testing.T) {
	mod := readGoMod(t, ".")
	var direct []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
		if r.Path == analyticsPath {
			require.Equal(t, analyticsVersion, r.Version)
		}
	}
	require.ElementsMatch(t, directDependencies, direct)
	require.Empty(t, mod.Replace, "a replacement has no effect for those who import the module")
	require.Empty(t, mod.Exclude, "an exclusion has no effect for those who import the module")
}

// A message of a seventh type would be refused until this library knows it.
func TestAnalyticsHasTheSixMessageTypes(t *testing.T) {
	var module struct{ Dir string }
	goJSON(t, &module, "go.mod", "list", "-m", "-json", analyticsPath)
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

// The consent of a message is written to the Extra of its Context; a field for the same key would
// contradict it. What is closed is written to its Integrations.
func TestAnalyticsHasNoConsentOfItsOwn(t *testing.T) {
	extra := false
	for _, field := range reflect.VisibleFields(reflect.TypeFor[analytics.Context]()) {
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
		for _, field := range reflect.VisibleFields(reflect.TypeOf(message)) {
			switch field.Type {
			case reflect.TypeFor[*analytics.Context](), reflect.TypeFor[analytics.Integrations]():
				found = append(found, field.Name)
			}
			require.False(t, strings.EqualFold(field.Name, "consent"), "%T has a field %s", message, field.Name)
		}
		require.ElementsMatch(t, []string{"Context", "Integrations"}, found, "%T", message)
	}
}
