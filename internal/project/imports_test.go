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
// anything that those who copy them can.
var allowedImports = map[string][]string{
	".":                               {},
	"consent":                         {analyticsPath, "internal/delivery", "internal/memo", "internal/names", "internal/nils", "internal/segment", "internal/statetext"},
	"consent/consenttest":             {analyticsPath, "consent", "internal/delivery", "internal/segment"},
	"consent/consenttest/conformance": {"consent", "consent/ledger"},
	"consent/consenttest/segmenttest": {analyticsPath, "internal/segment"},
	"consent/workspaces":              {"consent"},
