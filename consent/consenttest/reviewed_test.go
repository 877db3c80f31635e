package consenttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/failtest"
)

const reviewedRegister = `{
 "version": 1,
 "controller": {"name": "Shop Ltd"},
 "categories": [{"name": "analytics", "purpose": "Statistics", "noticeVersion": "1"}],
 "regimes": [{"name": "eu"}],
 "destinations": [{
  "name": "Amplitude", "categories": ["analytics"], "basis": {"kind": "consent"},
  "owner": "Product", "reviewer": "Ana Lima", "reviewed": "2026-03-02", "nextReview": "2027-03-02"
 }],
 "approvals": [{"destination": "Amplitude", "opens": "%s", "by": "Ana Lima", "on": "2026-03-02"}]
}`

var reviewDay = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// review returns a Review of files in a directory of its own, with the one opening
// approved and the table not written yet.
func review(t *testing.T) Review {
	unapproved, err := destinations.Load(strings.NewReader(fmt.Sprintf(reviewedRegister, "0123456789abcdef")))
	require.NoError(t, err)
	table, err := destinations.Tabulate(unapproved.Config(), unapproved.Defaults())
	require.NoError(t, err)
	register := fmt.Sprintf(reviewedRegister, table.Wider(nil)[0].Fingerprint)
	dir := t.TempDir()
	r := Review{Register: filepath.Join(dir, "register.json"), Decisions: filepath.Join(dir, "decisions.txt"), Today: reviewDay}
	put(t, r.Register, register)
	return r
}

func put(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o666))
}

func TestRequireReviewed(t *testing.T) {
	r := review(t)
	require.Contains(t, failtest.One(t, func(tb testing.TB) { RequireReviewed(tb, r) }), "table: the file with the table of decisions is not what the register decides")

	t.Setenv("CONSENTTEST_UPDATE", "1")
	RequireReviewed(t, r)
	t.Setenv("CONSENTTEST_UPDATE", "")
	register := RequireReviewed(t, r)
	require.True(t, destinations.MustCompile(register.Config()).Decide(Grant("analytics")).Allows("Amplitude"))
}

func TestRequireReviewedFails(t *testing.T) {
	good := review(t)
	t.Setenv("CONSENTTEST_UPDATE", "1")
	RequireReviewed(t, good)
	register, err := os.ReadFile(good.Register)
	require.NoError(t, err)

	for name, c := range map[string]struct {
		change func(*Review)
		want   string
	}{
		"overdue":        {func(r *Review) { r.Today = r.Today.AddDate(1, 0, 1) }, "overdue: Amplitude: the review was due on 2027-03-02"},
		"no day":         {func(r *Review) { r.Today = time.Time{} }, "needs a day"},
		"no register":    {func(r *Review) { r.Register = "none.json" }, "none.json"},
		"a bad register": {func(r *Review) { put(t, r.Register, "{") }, "line 1: the file ends too early"},
		"no table named": {func(r *Review) { r.Decisions = "" }, "the table of decisions"},
		"a bad table":    {func(r *Review) { put(t, r.Decisions, "x") }, "not a table of decisions"},
		"no copy":        {func(r *Review) { r.Workspace = "none.json" }, "none.json"},
		"a bad copy":     {func(r *Review) { r.Workspace = r.Register }, "the copy: categories is of another type"},
		"new": {func(r *Review) {
			r.Workspace = filepath.Join(filepath.Dir(r.Register), "workspace.json")
			put(t, r.Workspace, `{"destinations": [{"name": "Amplitude"}, {"name": "Facebook Pixel"}]}`)
		}, "new: Facebook Pixel: it is connected at Segment and not in the register"},
		// Not even with CONSENTTEST_UPDATE: nobody approved it.
		"wider": {func(r *Review) {
			put(t, r.Register, strings.Replace(string(register), `"name": "Amplitude"`, `"name": "Amplitude", "serverOnly": true`, 1))
		}, `"analytics" granted, asked by name of others alone`},
		"a regime of the site": {func(r *Review) {
			r.Regimes = map[string]consent.State{"eu": Grant("analytics").Presume()}
		}, `unasked: Amplitude: visitors in regime "eu" are not asked`},
	} {
		t.Run(name, func(t *testing.T) {
			r := review(t)
			RequireReviewed(t, r) // writes the table
			c.change(&r)
			require.Contains(t, failtest.One(t, func(tb testing.TB) { RequireReviewed(tb, r) }), c.want)
		})
	}
}
