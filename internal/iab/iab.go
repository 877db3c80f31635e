// Package iab runs the IAB's own encoders of consent strings, which are written in
// JavaScript, for the tests of the packages that read such strings.
//
// The packages of npm are installed by hand: npm ci, in the directory of this
// package. A script prints one JSON object a line, the same ones for the same
// arguments.
package iab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrAbsent is the error of a machine without Node or without the packages of npm.
// Tests are skipped then, unless Required says otherwise.
var ErrAbsent = errors.New("iab: node, or the packages of npm ci in internal/iab, are not installed")

// Required reports whether a test has to fail where Node or its packages are absent:
// IAB_REQUIRED is set.
func Required() bool { return os.Getenv("IAB_REQUIRED") != "" }

// Run runs a script of this directory and returns what it prints. It is for tests of
// packages two levels below the root of the module, which go test runs in their own
// directory.
func Run(ctx context.Context, script string, args ...string) ([]byte, error) {
	dir := filepath.Join("..", "..", "internal", "iab")
	// go test notes the files that are read here, and reruns the test when they change.
	for _, name := range []string{script, "random.mjs", "package-lock.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return nil, ErrAbsent
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, ErrAbsent
	}
	command := exec.CommandContext(ctx, node, append([]string{script}, args...)...)
	command.Dir, command.Stderr = dir, os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("iab: %s: %w", script, err)
	}
	return out, nil
}
