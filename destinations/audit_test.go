package destinations

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

const decisionsFile = "testdata/decisions.txt"

func decisions(t testing.TB) *Table {
	t.Helper()
	f, err := os.Open(decisionsFile)
	require.NoError(t, err)
	defer f.Close()
	table, err := ReadTable(f)
	require.NoError(t, err)
	return table
}

// asReviewed returns a workspace that has what the sample was reviewed with.
func asReviewed(r *Register) *Workspace {
	w := &Workspace{Warehouses: true}
	for _, e := range r.Destinations {
		c := Connected{Name: e.Name, CreationName: e.CreationName, Catalogue: e.Catalogue, Consent: e.Categories}
		if e.Basis.Kind == BasisStrictlyNecessary {
			c.Consent = []string{}
		}
		w.Destinations = append(w.Destinations, c)
	}
	return w
}

// audited is an audit of the sample that finds nothing.
func audited(t testing.TB) (*Register, AuditOptions) {
	r := sample(t)
	return r, AuditOptions{Today: date(t, "2026-11-25"), Workspace: asReviewed(r), Base: decisions(t)}
}

func TestAReviewedRegisterPasses(t *testing.T) {
	r, o := audited(t)
	findings, err := Audit(r, o)
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestAuditFinds(t *testing.T) {
	const amplitude, ga4, braze, sift, s3 = 0, 2, 24, 26, 29
	for name, c := range map[string]struct {
		change  func(*Register, *AuditOptions)
		want    string // rule: destination: problem
		line    string // of the sample, where the finding is
		cure    string
		warning bool
	}{
		"new": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations = append(o.Workspace.Destinations, Connected{Name: "AdRoll", CreationName: "AdRoll", Catalogue: "Advertising"})
		}, want: "new: AdRoll: it is connected at Segment and not in the register", line: `"destinations":`,
			cure: `review it and add it; Segment's catalogue has it under "Advertising", which the Consent Manager takes for "advertising"`},
		"new, in Segment's categories": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations = append(o.Workspace.Destinations, Connected{Name: "AdRoll", Consent: []string{"advertising"}})
		}, want: "new: AdRoll: ", line: `"destinations":`, cure: `review it and add it; Segment has it in "advertising"`},
		"vanished": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations = o.Workspace.Destinations[1:]
		}, want: "vanished: Amplitude (Actions): it is in the register and not connected at Segment", line: `"name": "Amplitude (Actions)"`, warning: true},
		"renamed": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[ga4].Name = "Google Analytics 4 (Web)"
		}, want: `renamed: Google Analytics 4 Web: it is connected as "Google Analytics 4 (Web)", which the register does not list`, line: `"name": "Google Analytics 4 Web"`,
			cure: `make "Google Analytics 4 (Web)" its name, and "Google Analytics 4 Web" one of its previousNames`},
		"a creation name that no cookie is matched by": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[amplitude].CreationName = "Actions Amplitude 2"
		}, want: `renamed: Amplitude (Actions): the Consent Manager's cookie calls it "Actions Amplitude 2"`, line: `"name": "Amplitude (Actions)"`},
		"two names in two entries": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[amplitude].CreationName = "Heap"
		}, want: `renamed: Amplitude (Actions): Segment also calls it "Heap", which the register has as a name of "Heap"`, line: `"name": "Amplitude (Actions)"`},
		"a former name": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[amplitude].PreviousNames = []string{"Amplitude", "Amplitude (Actions)"}
		}, want: `renamed: Amplitude (Actions): Segment also takes its former name "Amplitude"`, line: `"name": "Amplitude (Actions)"`, warning: true},
		"moved at Segment": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[amplitude].Consent = []string{"functional"}
		}, want: `moved: Amplitude (Actions): its categories are "analytics" here, and "functional" at Segment`, line: ""},
		"moved in the catalogue": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[amplitude].Catalogue = "Tag Managers"
		}, want: `moved: Amplitude (Actions): Segment's catalogue had it under "Analytics" when it was reviewed, and has it under "Tag Managers" now`, line: ""},
		"asked for at Segment alone": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[sift].Consent = []string{"functional"}
		}, want: `moved: Sift: it is strictly necessary here, and at Segment it needs consent to "functional"`, line: ""},
		"unmapped": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Destinations[amplitude].Consent = []string{}
		}, want: "unmapped: Amplitude (Actions): it is in no category of consent at Segment", line: "", cure: `map it to "analytics" at Segment`},
		"unmapped, in cloud mode": {change: func(r *Register, o *AuditOptions) {
			o.Workspace.Unmapped = true
			for _, i := range []int{26, 27} { // what is strictly necessary
				o.Workspace.Destinations[i].Consent = nil
				r.Destinations[i].Basis.Kind = BasisContract
				r.Destinations[i].Categories = []string{"functional"}
			}
			table, err := Tabulate(r.Config(), r.Defaults())
			require.NoError(t, err)
			o.Base = table
		}, want: "unmapped: Segment says that a destination is in no category of consent"},
		"a category that Segment lacks": {change: func(_ *Register, o *AuditOptions) {
			o.Workspace.Categories = []string{"functional", "analytics", "experience", "advertising", "Marketing"}
		}, want: `unmapped: category "marketing" is not one that Segment enforces`, warning: true},
		"without an owner": {change: func(r *Register, _ *AuditOptions) { r.Destinations[s3].Owner = "" },
			want: "owner: Amazon S3: nobody answers for it", line: ""},
		"without a basis": {change: func(r *Register, _ *AuditOptions) { r.Destinations[s3].Basis = Basis{} },
			want: "basis: Amazon S3: it has no legal basis", line: ""},
		"without a review": {change: func(r *Register, _ *AuditOptions) { r.Destinations[s3].Reviewed = time.Time{} },
			want: "unreviewed: Amazon S3: nobody has reviewed it", line: ""},
		"without a reviewer": {change: func(r *Register, _ *AuditOptions) { r.Destinations[s3].Reviewer = "" },
			want: "unreviewed: Amazon S3: nobody has reviewed it", line: ""},
		"reviewed tomorrow": {change: func(r *Register, o *AuditOptions) { r.Destinations[s3].Reviewed = o.Today.AddDate(0, 0, 1) },
			want: "unreviewed: Amazon S3: the review is dated 2026-11-26, which is still to come", line: ""},
		"overdue": {change: func(r *Register, o *AuditOptions) { r.Destinations[s3].NextReview = o.Today.AddDate(0, 0, -1) },
			want: "overdue: Amazon S3: the review was due on 2026-11-24", line: ""},
		"without a next review": {change: func(r *Register, _ *AuditOptions) { r.Destinations[s3].NextReview = time.Time{} },
			want: "overdue: Amazon S3: no next review is due", line: ""},
		"without a notice": {change: func(r *Register, _ *AuditOptions) { r.Categories[1].NoticeVersion = "" },
			want: `notice: no version of the privacy notice names the category "analytics"`, line: ""},
		"without a purpose": {change: func(r *Register, _ *AuditOptions) { r.Categories[1].Purpose = "" },
			want: `notice: category "analytics" has no purpose`, line: ""},
		"wider": {change: func(r *Register, o *AuditOptions) {
			r.Destinations[braze].Categories, o.Workspace.Destinations[braze].Consent = []string{"marketing"}, nil
		},
			want: "wider: Braze Cloud Mode (Actions): it may see events now that it could not see before, of these visitors:\n  \"analytics\" silent, \"marketing\" granted", line: ""},
		"wider, for all that is not named": {change: func(r *Register, _ *AuditOptions) { r.AllowUnlisted = true },
			want: "wider: destinations that are not named are decided wider", line: ""},
		"presumed against its basis": {change: func(r *Register, o *AuditOptions) {
			r.Destinations[amplitude].Overrides = r.Destinations[amplitude].Overrides[1:]
		},
			want: `unasked: Amplitude (Actions): visitors in regime "uk" are not asked before it sees their events, and its legal basis there is consent`, line: ""},
		"narrower": {change: func(r *Register, _ *AuditOptions) { r.Destinations[braze].ServerOnly = false },
			want: "table: the file with the table of decisions is not what the register decides", cure: "write it again"},
		"another table is kept": {change: func(_ *Register, o *AuditOptions) { o.Kept = &Table{} },
			want: "table: the file with the table of decisions is not what the register decides"},
	} {
		t.Run(name, func(t *testing.T) {
			r, o := audited(t)
			c.change(r, &o)
			findings, err := Audit(r, o)
			require.NoError(t, err)
			require.Len(t, findings, 1, "%v", findings)
			require.Contains(t, findings[0].String(), c.want)
			require.Contains(t, findings[0].Cure, c.cure)
			require.Equal(t, c.warning, findings[0].Warning)
			require.Len(t, Failing(findings), map[bool]int{false: 1, true: 0}[c.warning])
			require.Positive(t, findings[0].Line)
			if c.line != "" {
				require.Equal(t, lineOf(t, c.line), findings[0].Line)
			}
		})
	}
}

// A source that lists no warehouses does not say which ones are connected.
func TestStorageVanishesOnlyWhereItIsListed(t *testing.T) {
	r, o := audited(t)
	o.Workspace.Destinations = o.Workspace.Destinations[:28]
	findings, err := Audit(r, o)
	require.NoError(t, err)
	require.Len(t, findings, 2)
	o.Workspace.Warehouses = false
	findings, err = Audit(r, o)
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestWhatIsNotShownIsNotCompared(t *testing.T) {
	r, o := audited(t)
	for i := range o.Workspace.Destinations {
		o.Workspace.Destinations[i].Consent = nil
		o.Workspace.Destinations[i].Catalogue = ""
	}
	findings, err := Audit(r, o)
	require.NoError(t, err)
	require.Empty(t, findings)
	o.Workspace = nil
	findings, err = Audit(r, o)
	require.NoError(t, err)
	require.Empty(t, findings)
}

// An audit without a day finds every review overdue. One without a table finds every destination
// wider. An option that is left out opens nothing.
func TestTheZeroAuditPassesNothing(t *testing.T) {
	r := sample(t)
	findings, err := Audit(r, AuditOptions{})
	require.NoError(t, err)
	found := make(map[Rule]int)
	for _, f := range findings {
		found[f.Rule]++
	}
	require.Equal(t, map[Rule]int{RuleOverdue: 30, RuleWider: 30}, found)
}

// Everything that the sample opens is approved; only the table is not written yet.
func TestTheFirstTable(t *testing.T) {
	r, o := audited(t)
	o.Base = nil
	findings, err := Audit(r, o)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	require.Equal(t, RuleTable, findings[0].Rule)
}

func TestAnApprovalIsForWhatWasApproved(t *testing.T) {
	r, o := audited(t)
	const braze = 24
	r.Destinations[braze].Categories, o.Workspace = []string{"marketing"}, nil
	now, err := Tabulate(r.Config(), r.Defaults())
	require.NoError(t, err)
	opening := now.Wider(o.Base)[0]
	right := Approval{Destination: "Braze Cloud Mode (Actions)", Opens: opening.Fingerprint, By: "Inès Marchand", On: date(t, "2026-11-20")}

	find := func(change func(*Approval)) []Finding {
		approval := right
		change(&approval)
		approved := *r
		approved.Approvals = append(approved.Approvals[:len(approved.Approvals):len(approved.Approvals)], approval)
		findings, err := Audit(&approved, o)
		require.NoError(t, err)
		require.Len(t, findings, 1)
		return findings
	}
	require.Equal(t, RuleTable, find(func(*Approval) {})[0].Rule, "all that is left is to write the table")
	for name, change := range map[string]func(*Approval){
		"of another destination": func(a *Approval) { a.Destination = "Heap" },
		"of another change":      func(a *Approval) { a.Opens = "0123456789abcdef" },
		"of nobody":              func(a *Approval) { a.By = " " },
		"of tomorrow":            func(a *Approval) { a.On = date(t, "2026-11-26") },
		"older than the table":   func(a *Approval) { a.On = date(t, "2026-06-14") },
	} {
		t.Run(name, func(t *testing.T) {
			found := find(change)[0]
			require.Equal(t, RuleWider, found.Rule)
			require.Contains(t, found.Cure, opening.Fingerprint)
		})
	}

	o.Kept = now // the table was written again
	r.Approvals = append(r.Approvals, right)
	findings, err := Audit(r, o)
	require.NoError(t, err)
	require.Empty(t, findings)
}

// What the site's Defaults presume counts, whatever the register says about them.
func TestTheRegimesOfTheSite(t *testing.T) {
	r, o := audited(t)
	o.Regimes = r.Defaults()
	o.Regimes["eu"] = consent.NewState(m{"functional": true}).Presume()
	findings, err := Audit(r, o)
	require.NoError(t, err)
	text := ""
	for _, f := range findings {
		text += f.String() + "\n"
	}
	require.Contains(t, text, "wider: Zendesk: it may see events now that it could not see before, of these visitors:\n  no answer in \"eu\"")
	require.Contains(t, text, `unasked: Intercom Web (Actions): visitors in regime "eu" are not asked`)
	require.NotContains(t, text, "unasked: Zendesk", "whose basis is a contract")
}

func TestAuditRefusesWhatHasNoTable(t *testing.T) {
	_, err := Audit(&Register{}, AuditOptions{})
	require.ErrorIs(t, err, ErrConfig)
}

// The Consent Manager's own lists, whose names are exact.
func TestCategoriesThatTheConsentManagerProposes(t *testing.T) {
	for catalogue, want := range map[string]string{
		"Advertising": "advertising", "Tag Managers": "advertising", "Helpdesk": "functional", "CRM": "functional",
		"SMS & Push Notifications": "functional", "Analytics": "marketingAndAnalytics", "Raw Data": "marketingAndAnalytics",
		"advertising": "marketingAndAnalytics", "Something New": "marketingAndAnalytics",
	} {
		require.True(t, strings.HasSuffix((&audit{}).proposal(Connected{Catalogue: catalogue}), `takes for "`+want+`"`), catalogue)
	}
}

func TestEveryRuleHasAText(t *testing.T) {
	seen := make(map[Rule]bool)
	for _, text := range Rules() {
		require.NotEmpty(t, text.Short)
		require.False(t, seen[text.Rule])
		seen[text.Rule] = true
	}
	require.Len(t, seen, 13)
}
