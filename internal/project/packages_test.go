package project_test

import (
	"go/ast"
	"go/doc"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryPackageHasOneComment(t *testing.T) {
	for dir, p := range tree(t) {
		t.Run(dir, func(t *testing.T) {
			require.NotEmpty(t, p.files, "tests of a package without files")
			var comments, in []string
			for name, file := range p.files {
				if file.Doc != nil {
					comments = append(comments, file.Doc.Text())
					in = append(in, name)
				}
			}
			require.Len(t, comments, 1, "package comments, in %v", in)
			comment := comments[0]
			if !p.isCommand() {
				require.True(t, strings.HasPrefix(comment, "Package "+p.name+" "), "the comment begins: %.60q", comment)
			}
			for _, legal := range []string{"copyright", "license"} {
				require.NotContains(t, strings.ToLower(comment), legal)
			}
		})
	}
}

// An example without an Output comment is compiled and never run.
func TestEveryPublicPackageHasAnExampleThatRuns(t *testing.T) {
	for dir, p := range tree(t) {
		if p.isCommand() || p.isInternal() || !exportsSomething(p) {
			continue
		}
		t.Run(dir, func(t *testing.T) {
			examples := doc.Examples(slices.Collect(maps.Values(p.tests))...)
			require.True(t, slices.ContainsFunc(examples, func(e *doc.Example) bool {
				return e.Output != ""
			}), "%d examples, none with an output", len(examples))
		})
	}
}

func exportsSomething(p goPackage) bool {
	for _, file := range p.files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Name.IsExported() {
					return true
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						if spec.Name.IsExported() {
							return true
						}
					case *ast.ValueSpec:
						if slices.ContainsFunc(spec.Names, (*ast.Ident).IsExported) {
							return true
						}
					}
				}
			}
		}
	}
	return false
}
