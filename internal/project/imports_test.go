package project_test

import (
	"maps"
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
// consent, never away from it. Programs under examples may import anything.
var allowedImports = map[string][]string{
	".":                         {},
	"consent":                   {analyticsPath, "internal/delivery", "internal/escape", "internal/memo", "internal/names", "internal/nils", "internal/segment"},
	"consent/consenttest":       {analyticsPath, "consent", "internal/delivery", "internal/names", "internal/segment"},
	"destinations":              {"consent", "internal/memo", "internal/names", "internal/segment"},
	"cookie":                    {"consent", "internal/escape", "internal/memo", "golang.org/x/net/publicsuffix"},
	"cookie/adopt":              {"consent", "cookie"},
	"cookie/adroll":             {"consent", "cookie"},
	"cookie/axeptio":            {"consent", "cookie"},
	"cookie/complianz":          {"consent", "cookie"},
	"cookie/cookiebot":          {"consent", "cookie"},
	"cookie/cookieyes":          {"consent", "cookie"},
	"cookie/custom":             {"consent", "cookie"},
	"cookie/didomi":             {"consent", "cookie"},
	"cookie/gpp":                {"consent", "cookie"},
	"cookie/iubenda":            {"consent", "cookie"},
	"cookie/klaro":              {"consent", "cookie"},
	"cookie/mirror":             {"consent", "cookie"},
	"cookie/onetrust":           {"consent", "cookie"},
	"cookie/orejime":            {"consent", "cookie"},
	"cookie/orestbida":          {"consent", "cookie"},
	"cookie/osano":              {"consent", "cookie"},
	"cookie/tarteaucitron":      {"consent", "cookie"},
	"cookie/tcf":                {"consent", "cookie"},
	"cookie/trustarc":           {"consent", "cookie"},
	"cookie/usprivacy":          {"consent", "cookie"},
	"middleware":                {analyticsPath, "consent", "cookie", "internal/names", "internal/nils", "internal/segment"},
	"internal/benchmarks":       {},
	"internal/benchmarks/chart": {},
	"internal/cookietest":       {"consent", "consent/consenttest", "github.com/stretchr/testify/require"},
	"internal/delivery":         {analyticsPath},
	"internal/escape":           {},
	"internal/iab":              {},
	"internal/memo":             {},
	"internal/names":            {},
	"internal/nils":             {},
	"internal/project":          {},
	"internal/segment":          {"internal/names"},
}

// What of the standard library only some packages may import.
var restrictedImports = map[string]func(dir string) bool{
	"C":              nowhere,
	"unsafe":         nowhere,
	"plugin":         nowhere,
	"expvar":         nowhere, // registers a handler with http.DefaultServeMux
	"net/http/pprof": nowhere, // likewise
	"testing":        inTestHelpers,
}

func nowhere(string) bool { return false }

func inTestHelpers(dir string) bool { return strings.HasSuffix(dir, "test") }

func isExample(dir string) bool { return strings.HasPrefix(dir, "examples/") }

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
		if !known && !isExample(dir) {
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
			if !isExample(dir) && !slices.Contains(allowed, strings.TrimPrefix(imported, modulePath+"/")) {
				t.Errorf("%s imports %s, which is not in its row of the table", dir, imported)
			}
		}
	}
}

func TestLayoutListsNoPackageThatIsGone(t *testing.T) {
	packages := tree(t)
	for dir, allowed := range allowedImports {
		require.NotEmpty(t, packages[dir].files, "%s has a row in the table and no files", dir)
		for _, imported := range allowed {
			if strings.Contains(imported, ".") {
				continue // of another module
			}
			require.Contains(t, allowedImports, imported, "in the row of %s", dir)
		}
	}
}
