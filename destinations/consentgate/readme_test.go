package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Runs the script of the README in a repository with a pull request: against a CDN on the
// loopback interface, and with a table that the author of the change deleted.
func TestThePullRequestOfTheREADME(t *testing.T) {
	for _, program := range []string{"git", "sh", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, script, ok := strings.Cut(string(readme), "with `privacy/check.sh`:\n\n```sh\n")
	require.True(t, ok)
	script, _, _ = strings.Cut(script, "```")

	programs := t.TempDir()
	build := exec.Command("go", "build", "-buildvcs=false", "-o", programs, ".")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	url := cdn(t)
	g := newGate(t)
	command := func(name string, args ...string) (string, error) {
		c := exec.Command(name, args...)
		c.Dir = g.dir
		c.Env = append(os.Environ(), "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"),
			"BASE=main", "WRITE_KEY=demo", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example", "GIT_COMMITTER_NAME=a",
			"GIT_COMMITTER_EMAIL=a@example", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	git := func(args ...string) {
		out, err := command("git", args...)
		require.NoError(t, err, out)
	}
	// The day is that of the sample, and the CDN is the one above.
	offline := strings.Replace(script, `-cdn "$WRITE_KEY"`, "-today 2026-11-25", 1)
	online := strings.Replace(script, `-cdn "$WRITE_KEY"`, `-cdn "$WRITE_KEY" -cdn-url `+url+" -today 2026-11-25", 1)
	require.NotEqual(t, script, online)

	require.NoError(t, os.Mkdir(filepath.Join(g.dir, "privacy"), 0o777))
	for _, file := range []string{"register.json", "decisions.txt"} {
		require.NoError(t, os.Rename(filepath.Join(g.dir, file), filepath.Join(g.dir, "privacy", file)))
	}
	git("init", "-q", "-b", "main")
	git("add", "privacy")
	git("commit", "-q", "-m", "The register")
	out, err := command("sh", "-c", offline)
	require.NoError(t, err, out)

	git("checkout", "-q", "-b", "braze")
	register := g.read("privacy/register.json")
	opened := strings.Replace(register, "        \"analytics\",\n        \"marketing\"\n", "        \"marketing\"\n", 1)
	require.NotEqual(t, register, opened)
	g.write("privacy/register.json", opened)
	git("commit", "-q", "-a", "-m", "Ask for less before Braze")
	status := func(out string, err error) (int, string) {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, out)
		return exit.ExitCode(), out
	}
	code, out := status(command("sh", "-c", online))
	require.Equal(t, found, code)
	require.Contains(t, out, "FAIL  wider: Braze Cloud Mode (Actions)  (privacy/register.json:")
	require.Contains(t, out, "6 findings. (new 3, renamed 1, moved 1, wider 1)")
	require.Contains(t, g.read("consent.sarif"), `"uri": "privacy/register.json"`)

	// The author deletes the table to write it again.
	git("rm", "-q", "privacy/decisions.txt")
	git("commit", "-q", "-m", "Clean up")
	code, out = status(command("sh", "-c", offline))
	require.Equal(t, found, code)
	require.Contains(t, out, "(wider 1)")
}
