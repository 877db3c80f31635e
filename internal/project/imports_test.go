package project_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	modulePath    = "github.com/go-consent/segment"
	analyticsPath = "github.com/segmentio/analytics-go/v3"
)

// What each package may import, besides the standard library. Imports point at
// consent, never away from it. Programs under examples may import
// anything that a copy of them could.
var allowedImports = map[string][]string{
	".":                               {},
	"consent":                         {analyticsPath, "internal/delivery", "internal/memo", "internal/names", "internal/nils", "internal/segment", "internal/statetext"},
	"consent/consenttest":             {analyticsPath, "consent", "destinations", "destinations/workspace", "internal/caching", "internal/delivery", "internal/names", "internal/segment"},
	"consent/consenttest/conformance": {analyticsPath, "consent", "consent/consenttest", "consent/ledger", "consent/queue"},
	"consent/consenttest/segmenttest": {analyticsPath, "internal/segment"},
	"consent/ledger":                  {"consent", "internal/memo", "internal/nils"},
	"consent/ledger/rights":           {"consent", "consent/ledger"},
	"consent/hold":                    {analyticsPath, "consent", "internal/delivery"},
	"consent/queue":                   {analyticsPath, "consent", "internal/delivery"},
	"consent/routers":                 {analyticsPath, "consent", "internal/delivery", "internal/several"},
	"consent/queue/look":              {"consent/queue", "internal/caching"},
	"consent/telemetry":               {analyticsPath, "consent", "internal/delivery", "internal/nils"},
	"consent/trial":                   {analyticsPath, "consent", "internal/delivery", "internal/segment"},
	"consent/workspaces":              {"consent", "internal/several"},
	"destinations":                    {"consent", "internal/memo", "internal/names", "internal/segment"},
	"destinations/records":            {"destinations"},
	"destinations/workspace":          {"destinations"},
	"cookie":                          {"consent", "internal/memo", "internal/statetext", "golang.org/x/net/publicsuffix"},
	"cookie/*":                        {"consent", "cookie"}, // a consent platform each
	"middleware":                      {"consent", "cookie", "internal/caching", "internal/headers", "internal/names", "internal/nils"},
	"middleware/analyticsjs":          {"consent", "cookie", "internal/segment"},
	"middleware/peer":                 {"consent", "internal/nils", "middleware"},
	"middleware/preferences":          {"consent", "cookie", "internal/headers", "internal/names", "internal/nils", "internal/segment", "middleware"},
	"middleware/regime":               {"consent"},
	"middleware/explain":              {"consent", "cookie", "internal/nils", "middleware", "middleware/regime"},
	"internal/benchmarks":             {},
	"internal/benchmarks/chart":       {},
	"internal/caching":                {},
	"internal/cookietest":             {"consent", "consent/consenttest/conformance", "github.com/stretchr/testify/require"},
	"internal/delivery":               {analyticsPath},
	"internal/failtest":               {},
	"internal/headers":                {},
	"internal/iab":                    {},
	"internal/loopback":               {},
	"internal/memo":                   {},
	"internal/names":                  {},
	"internal/nils":                   {},
	"internal/project":                {},
	"internal/segment":                {"internal/names"},
	"internal/several":                {"consent"},
	"internal/statetext":              {},

	// fakes of other routers
	"consent/consenttest/mparticletest":   {"internal/loopback"},
	"consent/consenttest/rudderstacktest": {"internal/loopback"},
	"consent/consenttest/snowplowtest":    {"internal/loopback"},
}

// Packages of the standard library that only some packages may import.
var restrictedImports = map[string]func(dir string) bool{
	"C":              nowhere,
	"unsafe":         nowhere,
	"plugin":         nowhere,
	"expvar":         nowhere, // registers a handler with http.DefaultServeMux
	"net/http/pprof": nowhere, // likewise
	"testing":        inTestHelpers,
}

func nowhere(string) bool { return false }

// inTestHelpers: a program can have a fake of a router, and so those packages are no test
// helpers in this sense.
func inTestHelpers(dir string) bool {
	if path.Dir(dir) == "consent/consenttest" {
		return path.Base(dir) == "conformance"
	}
	return strings.HasSuffix(dir, "test")
}

func isExample(dir string) bool { return strings.HasPrefix(dir, "examples/") }

// isNested reports whether a package is in a nested module. That may import what its go.mod says
// and, as it is versioned separately, only the public packages of the root module.
func isNested(t *testing.T, dir string) bool {
	for _, module := range moduleDirs(t) {
		if module != "." && (dir == module || strings.HasPrefix(dir, module+"/")) {
			return true
		}
	}
	return false
}

// isStandard reports whether an import path is of the standard library: the others
// begin with the name of a host.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func TestImportsArePartOfTheLayout(t *testing.T) {
	for dir, p := range tree(t) {
		if len(p.files) == 0 {
			continue
		}
		allowed, known := allowedImports[dir]
		if path.Dir(dir) == "cookie" {
			allowed, known = allowedImports["cookie/*"]
		}
		free := isExample(dir) || isNested(t, dir)
		if !known && !free {
			t.Errorf("%s is not in the table of packages", dir)
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(p.imports(t))) {
			if isStandard(imported) {
				if permitted, restricted := restrictedImports[imported]; restricted && !permitted(dir) {
					t.Errorf("%s imports %s", dir, imported)
				}
				continue
			}
			if free && strings.HasPrefix(imported, modulePath+"/internal/") {
				t.Errorf("%s imports %s, which those who copy it cannot", dir, imported)
			}
			if !free && !slices.Contains(allowed, strings.TrimPrefix(imported, modulePath+"/")) {
				t.Errorf("%s imports %s, which is not in its row of the table", dir, imported)
			}
		}
	}
}

func TestLayoutListsOnlyExistingPackages(t *testing.T) {
	packages := tree(t)
	for dir, allowed := range allowedImports {
		if path.Base(dir) != "*" {
			require.NotEmpty(t, packages[dir].files, "%s has a row in the table and no files", dir)
		}
		for _, imported := range allowed {
			if strings.Contains(imported, ".") {
				continue // of another module
			}
			require.Contains(t, allowedImports, imported, "in the row of %s", dir)
		}
	}
}
