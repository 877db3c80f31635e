package project_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// The version of a release is in its tag, which the go command uses, and in the changelog. A
// constant in the code would be a third place: the one of analytics-go v3.3.0 says 3.0.0.

var (
	changelogHeading = regexp.MustCompile(`(?m)^## (.*)$`)
	releaseHeading   = regexp.MustCompile(`^\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$`)
)

// wrongReleases returns what does not agree between the changelog, all tags of the root
// module, and those of the commit.
func wrongReleases(changelog string, tags, here []string) error {
	headings := changelogHeading.FindAllStringSubmatch(changelog, -1)
	if len(headings) == 0 || headings[0][1] != "[Unreleased]" {
		return fmt.Errorf("the changelog does not begin with the section [Unreleased]")
	}
	var releases []string
	lastDate := "9999-12-31"
	for _, heading := range headings[1:] {
		release := releaseHeading.FindStringSubmatch(heading[1])
		switch {
		case release == nil:
			return fmt.Errorf("no heading of a release: %s", heading[1])
		case len(releases) > 0 && !older("v"+release[1], releases[len(releases)-1]):
			return fmt.Errorf("%s stands below %s", release[1], releases[len(releases)-1])
		case release[2] > lastDate:
			return fmt.Errorf("%s is dated after a later release", release[1])
		}
		releases, lastDate = append(releases, "v"+release[1]), release[2]
	}
	for _, tag := range tags {
		if !slices.Contains(releases, tag) {
			return fmt.Errorf("the tag %s has no entry in the changelog", tag)
		}
	}
	for _, tag := range here {
		if tag != releases[0] {
			return fmt.Errorf("this is %s by its tag, and %s by the changelog", tag, releases[0])
		}
	}
	return nil
}

// older reports whether a is a lower version than b, both as in v1.2.3.
func older(a, b string) bool {
	numbers := func(version string) (list []int) {
		for part := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				panic(err) // the expression has digits
			}
			list = append(list, n)
		}
		return list
	}
	return slices.Compare(numbers(a), numbers(b)) < 0
}

func TestWrongReleasesAreFound(t *testing.T) {
	const two = "# Changelog\n\n## [Unreleased]\n\n## [0.10.0] - 2026-12-02\n\n### Added\n\n## [0.9.1] - 2026-12-02\n"
	for name, test := range map[string]struct {
		changelog  string
		tags, here []string
		wrong      string
	}{
		"nothing released":       {"## [Unreleased]\n", nil, nil, ""},
		"two releases":           {two, []string{"v0.10.0", "v0.9.1"}, []string{"v0.10.0"}, ""},
		"one about to be":        {two, []string{"v0.9.1"}, nil, ""},
		"no section to add to":   {"## [0.1.0] - 2026-12-02\n", nil, nil, "Unreleased"},
		"a release without date": {"## [Unreleased]\n## [0.1.0]\n", nil, nil, "no heading"},
		"the wrong order":        {"## [Unreleased]\n## [0.9.1] - 2026-12-02\n## [0.10.0] - 2026-12-01\n", nil, nil, "below"},
		"a release twice":        {"## [Unreleased]\n## [0.9.1] - 2026-12-02\n## [0.9.1] - 2026-12-01\n", nil, nil, "below"},
		"the wrong date":         {"## [Unreleased]\n## [0.2.0] - 2026-12-01\n## [0.1.0] - 2026-12-02\n", nil, nil, "dated"},
		"a tag without an entry": {two, []string{"v0.9.0"}, nil, "v0.9.0 has no entry"},
		"a tag of another":       {two, []string{"v0.9.1"}, []string{"v0.9.1"}, "v0.9.1 by its tag"},
	} {
		err := wrongReleases(test.changelog, test.tags, test.here)
		if test.wrong == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, test.wrong, name)
		}
	}
}

func TestTheChangelogAgreesWithTheTags(t *testing.T) {
	trackedFiles(t) // skips where there is no repository
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	require.NoError(t, err)
	list := func(args ...string) []string {
		return strings.Fields(git(t, append([]string{"tag", "--list", "v[0-9]*"}, args...)...))
	}
	require.NoError(t, wrongReleases(string(changelog), list(), list("--points-at", "HEAD")))
}

// The versions in COMPATIBILITY.md are those of the code.
func TestCompatibilityDocumentIsCurrent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".github", "COMPATIBILITY.md"))
	require.NoError(t, err)
	oldest, _, _ := strings.Cut(strings.TrimPrefix(oldestGo, "1."), ".")
	textVersion, _, ok := strings.Cut(consent.All(consent.Granted).String(), ".")
	require.True(t, ok)
	for _, want := range []string{
		"| Go | 1." + oldest + " and newer |",
		"| `analytics-go` | " + analyticsVersion + " |",
		"| text of a `State` | version " + textVersion + " |",
	} {
		require.Contains(t, string(text), want)
	}
}
