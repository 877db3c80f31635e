package project_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// A dependency is a row of .github/DEPENDENCIES.md.
type dependency struct{ module, version, licence string }

// readmeOnly marks a licence that the module states in its README alone.
const readmeOnly = ", README only"

// A phrase of each licence, in lower case and with single spaces. Several licences
// of one module are joined by "and".
var licenceSays = map[string]string{
	"Apache-2.0":   "apache license, version 2.0",
	"BSD-3-Clause": "be used to endorse or promote products",
	"ISC":          "permission to use, copy, modify, and",
	"MIT":          "permission is hereby granted, free of charge",
	"MPL-2.0":      "mozilla public license version 2.0",
}

var (
	sectionLine = regexp.MustCompile("^## `(.+)`$")
	rowLine     = regexp.MustCompile("^\\| `(.+?)` \\| (.+?) \\| (.+?) \\|")
	licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)`)
	readmeFile  = regexp.MustCompile(`(?i)^readme`)
)

// dependencyTable reads the rows of each section, by the directory of the module.
func dependencyTable(t *testing.T) map[string][]dependency {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".github", "DEPENDENCIES.md"))
	require.NoError(t, err)
	table := make(map[string][]dependency)
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if match := sectionLine.FindStringSubmatch(line); match != nil {
			section = match[1]
			table[section] = nil
		}
		if match := rowLine.FindStringSubmatch(line); match != nil {
			table[section] = append(table[section], dependency{match[1], match[2], match[3]})
		}
	}
	return table
}

// listed returns the requirements of a module that belong in the table: all of the root,
// the direct ones and those that hold a tool of the others, and none within the repository.
func listed(dir string, mod goMod) (modules []string) {
	for _, r := range mod.Require {
		belongs := dir == "." || !r.Indirect
		for _, tool := range mod.Tool {
			belongs = belongs || strings.HasPrefix(tool.Path, r.Path+"/")
		}
		if belongs && r.Path != modulePath && !strings.HasPrefix(r.Path, modulePath+"/") {
			modules = append(modules, r.Path+" "+r.Version)
		}
	}
	return modules
}

func TestDependenciesAreListed(t *testing.T) {
	table := dependencyTable(t)
	for _, dir := range moduleDirs(t) {
		rows, ok := table[dir]
		require.True(t, ok, "DEPENDENCIES.md has no section for the module in %s", dir)
		var found []string
		for _, row := range rows {
			found = append(found, row.module+" "+row.version)
		}
		require.ElementsMatch(t, listed(dir, readGoMod(t, dir)), found, "the module in %s: go.mod, and DEPENDENCIES.md", dir)
		delete(table, dir)
	}
	require.Empty(t, table, "sections of DEPENDENCIES.md without a module")
}

// The texts are read from the module cache. A module that is not there, as nothing that was built
// needs it, is skipped. The modules that this test needs are there.
func TestLicencesAreWhatTheTextsSay(t *testing.T) {
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	read := make(map[string]bool)
	for _, rows := range dependencyTable(t) {
		for _, row := range rows {
			dir := filepath.Join(strings.TrimSpace(string(out)), filepath.FromSlash(escapedPath(row.module)+"@"+row.version))
			if _, err := os.Stat(dir); err != nil {
				t.Logf("%s is not in the module cache", row.module)
				continue
			}
			read[row.module] = true
			licence, inReadme := strings.CutSuffix(row.licence, readmeOnly)
			text := textsOf(t, dir, licenceFile)
			text = strings.ReplaceAll(text, "apache license version", "apache license, version") // in its title
			require.Equal(t, inReadme, text == "", "%s has no licence file: the table, and the module", row.module)
			if inReadme {
				word := `\b` + regexp.QuoteMeta(strings.ToLower(licence)) + `\b`
				require.Regexp(t, word, textsOf(t, dir, readmeFile), row.module)
				continue
			}
			for name := range strings.SplitSeq(licence, " and ") {
				require.Contains(t, licenceSays, name, "the licence of %s", row.module)
				require.Contains(t, text, licenceSays[name], "%s of %s", name, row.module)
			}
		}
	}
	for _, module := range []string{analyticsPath, "github.com/stretchr/testify"} {
		require.True(t, read[module], "the licence of %s was not found", module)
	}
}

// escapedPath is the directory of a module in the cache: "!x" stands for "X".
func escapedPath(module string) string {
	var b strings.Builder
	for _, r := range path.Clean(module) {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// textsOf returns the files of a directory that match, in lower case and with single
// spaces.
func textsOf(t *testing.T, dir string, name *regexp.Regexp) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var b strings.Builder
	for _, entry := range entries {
		if entry.IsDir() || !name.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		b.Write(text)
		b.WriteByte('\n')
	}
	return strings.ToLower(strings.Join(strings.Fields(b.String()), " "))
}
