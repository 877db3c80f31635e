package main

import (
	"bytes"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestCompare(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	fsys := fstest.MapFS{
		"s/before/same.go":   file("a\nb\n"),
		"s/after/same.go":    file("a\nb\n"),
		"s/before/main.go":   file("a\nb\nc\nd\n"),
		"s/after/main.go":    file("x\na\nb\nD\nd\ny\n"), // c became D; x and y are new
		"s/before/x_test.go": file("a\n"),
		"s/after/policy.go":  file("a\nb\nc\n"),
	}
	c, err := compare(fsys, "s")
	require.NoError(t, err)
	require.Equal(t, change{shape: "s", files: 2, changed: 1, removed: 1, added: 3, inFilesOfItsOwn: 3}, c)
	_, err = compare(fsys, "t")
	require.Error(t, err)
}

func TestREADMEHasTheNumbers(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	want := heading + "\n"
	for _, shape := range shapes {
		c, err := compare(programs, shape)
		require.NoError(t, err)
		want += c.String() + "\n"
	}
	require.Contains(t, string(readme), want, "what go run ./examples/migration prints")
}

// The methods themselves, however many there are, stay as they are.
func TestFiftyMethodsAreUnchanged(t *testing.T) {
	before, err := programs.ReadFile("methods/before/events.go")
	require.NoError(t, err)
	after, err := programs.ReadFile("methods/after/events.go")
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, 50, bytes.Count(after, []byte("\nfunc (t Tracker) ")))
}
