package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The repository, seen from the directory of this test.
const root = "../.."

// A goPackage is the Go files of one directory.
type goPackage struct {
	dir   string // from the root of the repository, with slashes; "." is the root
	name  string
	files map[string]*ast.File // by path from the root; no tests
	tests map[string]*ast.File
}

// imports returns the paths that the package itself imports.
func (p goPackage) imports(t *testing.T) map[string]bool {
	imports := make(map[string]bool)
	for _, file := range p.files {
		for _, spec := range file.Imports {
			importPath, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			imports[importPath] = true
		}
	}
	return imports
}

func (p goPackage) isCommand() bool { return p.name == "main" }

func (p goPackage) isInternal() bool {
	return p.dir == "internal" || strings.HasPrefix(p.dir, "internal/") || strings.Contains(p.dir, "/internal/")
}

// holdsNoPackages reports whether the go command ignores directories of this name.
func holdsNoPackages(name string) bool {
	return name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// tree parses the packages of the repository, nested modules included. It reads
// the files itself rather than asking the go command, so that go test notices
// when a cached result is out of date.
func tree(t *testing.T) map[string]goPackage {
	t.Helper()
	fset := token.NewFileSet()
	packages := make(map[string]goPackage)
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file != root && holdsNoPackages(name) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		file, err = filepath.Rel(root, file)
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		dir := path.Dir(file)
		p, ok := packages[dir]
		if !ok {
			p = goPackage{dir: dir, files: make(map[string]*ast.File), tests: make(map[string]*ast.File)}
		}
		if strings.HasSuffix(name, "_test.go") {
			p.tests[file] = parsed
		} else {
			p.files[file] = parsed
			p.name = parsed.Name.Name
		}
		packages[dir] = p
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, packages)
	return packages
}
