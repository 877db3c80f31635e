// Migration prints how many lines change when a backend moves from plain analytics-go to
// this library, for each of the shapes that README.md describes:
//
//	go run ./examples/migration
package main

import (
	"embed"
	"fmt"
	"io/fs"
	"log"
	"path"
	"strings"
)

//go:embed clientincontext methods singleton owninterface
var programs embed.FS

var shapes = []string{"clientincontext", "methods", "singleton", "owninterface"}

func main() {
	fmt.Println(heading)
	for _, shape := range shapes {
		c, err := compare(programs, shape)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c)
	}
}

const heading = "| shape | files changed | lines removed | lines added | lines in new files |\n|---|---|---|---|---|"

// A change is the difference between two versions of a program, without tests.
type change struct {
	shape                           string
	files, changed                  int // before; how many of them differ after
	removed, added, inFilesOfItsOwn int
}

func (c change) String() string {
	return fmt.Sprintf("| [`%s`](%s) | %d of %d | %d | %d | %d |",
		c.shape, c.shape, c.changed, c.files, c.removed, c.added, c.inFilesOfItsOwn)
}

func compare(fsys fs.FS, shape string) (change, error) {
	c := change{shape: shape}
	before, err := sources(fsys, path.Join(shape, "before"))
	if err != nil {
		return c, err
	}
	after, err := sources(fsys, path.Join(shape, "after"))
	if err != nil {
		return c, err
	}
	c.files = len(before)
	for name, lines := range before {
		kept := common(lines, after[name])
		removed, added := len(lines)-kept, len(after[name])-kept
		if removed+added > 0 {
			c.changed++
		}
		c.removed, c.added = c.removed+removed, c.added+added
	}
	for name, lines := range after {
		if _, ok := before[name]; !ok {
			c.inFilesOfItsOwn += len(lines)
		}
	}
	return c, nil
}

// sources returns the lines of the Go files in a directory, except tests.
func sources(fsys fs.FS, dir string) (map[string][]string, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	files := make(map[string][]string)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		files[path.Base(name)] = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no Go files in %s", dir)
	}
	return files, nil
}

// common returns the length of the longest common subsequence of two files, which is how
// many lines stay.
func common(a, b []string) int {
	lengths := make([]int, len(b)+1) // of a so far and the first lines of b
	for _, line := range a {
		diagonal := 0
		for j, other := range b {
			above := lengths[j+1]
			if line == other {
				lengths[j+1] = diagonal + 1
			} else {
				lengths[j+1] = max(above, lengths[j])
			}
			diagonal = above
		}
	}
	return lengths[len(b)]
}
