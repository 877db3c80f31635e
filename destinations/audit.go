package destinations

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-consent/segment/consent"
)

// AuditOptions is what [Audit] compares a register with.
type AuditOptions struct {
	// Today is the day of the audit. Required: without it every review counts as
	// overdue.
	Today time.Time

	// Workspace is what is connected at Segment. Nil: not compared.
	Workspace *Workspace

	// Regimes are what the Defaults of the site presume, as for [Tabulate]. Nil: those of
	// the register.
	Regimes map[string]consent.State

	// Base is the table of decisions that was approved last. Nil: nothing was approved, so
	// everything that is allowed needs an approval.
	Base *Table

	// Kept is the table in the file that belongs to the register, if that is not Base. In
	// the check of a change, Base is the table before the change. Nil: Base.
	Kept *Table
}

// Audit returns everything that somebody has to look at before the register may go live: what
// differs between it and the workspace, what is missing in it, and what its Config opens that
// neither Base nor an approval in the register opens. Every Finding that is not a Warning fails the
// gate. The error is that of [Tabulate].
//
// An Approval counts for the Opening with its Fingerprint, from the day on which Base was written.
// A destination that was closed since then and is opened again needs a new one.
func Audit(r *Register, o AuditOptions) ([]Finding, error) {
	if o.Regimes == nil {
		o.Regimes = r.Defaults()
	}
	now, err := Tabulate(r.Config(), o.Regimes)
	if err != nil {
		return nil, err
	}
	a := audit{register: r, AuditOptions: o}
	if o.Workspace != nil {
		a.workspace()
	}
	for i, e := range r.Destinations {
		a.entry(e, index("destinations", i))
	}
	for i, c := range r.Categories {
		a.category(c, index("categories", i))
	}
	a.openings(now)
	a.unasked(now)
	if kept := a.kept(); len(a.unapproved) == 0 && (kept == nil || !kept.equal(now)) {
		a.find(RuleTable, "", "", "the file with the table of decisions is not what the register decides", "write it again")
	}
	slices.SortStableFunc(a.findings, func(x, y Finding) int { return cmp.Compare(x.Rule.order(), y.Rule.order()) })
	return a.findings, nil
}

// Failing returns the findings that are not a Warning.
func Failing(findings []Finding) (failing []Finding) {
	for _, f := range findings {
		if !f.Warning {
			failing = append(failing, f)
		}
	}
	return failing
}

type audit struct {
	AuditOptions
	register   *Register
	findings   []Finding
	unapproved []Opening
}

func (a *audit) find(rule Rule, destination, key, problem, cure string) {
	a.findings = append(a.findings, Finding{
		Rule: rule, Destination: destination, Problem: problem, Cure: cure, Key: key, Line: a.register.Line(key),
	})
}

func (a *audit) warn(rule Rule, destination, key, problem, cure string) {
	a.find(rule, destination, key, problem, cure)
	a.findings[len(a.findings)-1].Warning = true
}

func (a *audit) entry(e Entry, key string) {
	if e.Owner == "" {
		a.find(RuleOwner, e.Name, key, "nobody answers for it", "name its owner")
	}
	if e.Basis.Kind == "" {
		a.find(RuleBasis, e.Name, key, "it has no legal basis", "add its basis")
	}
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	switch {
	case e.Reviewer == "" || e.Reviewed.IsZero():
		a.find(RuleUnreviewed, e.Name, key, "nobody has reviewed it", "add who reviewed it, when, and when the next review is due")
	case e.Reviewed.After(a.Today) && !a.Today.IsZero():
		a.find(RuleUnreviewed, e.Name, key+".reviewed", "the review is dated "+day(e.Reviewed)+", which is still to come", "")
	case e.NextReview.IsZero():
		a.find(RuleOverdue, e.Name, key, "no next review is due", "add the date of the next review")
	case a.Today.IsZero() || e.NextReview.Before(a.Today.Truncate(24*time.Hour)):
		a.find(RuleOverdue, e.Name, key+".nextReview", "the review was due on "+day(e.NextReview), "review it, and move the dates")
	}
}

func (a *audit) category(c Category, key string) {
	switch {
	case c.Purpose == "":
		a.find(RuleNotice, "", key, fmt.Sprintf("category %q has no purpose", c.Name), "say what visitors are told that it is for")
	case c.NoticeVersion == "":
		a.find(RuleNotice, "", key, fmt.Sprintf("no version of the privacy notice names the category %q", c.Name),
			"add the version of the notice that does")
	}
}

func (a *audit) openings(now *Table) {
	for _, o := range now.Wider(a.Base) {
		if a.approved(o) {
			continue
		}
		a.unapproved = append(a.unapproved, o)
		problem := "it may see events now that it could not see before, of these visitors:"
		for i, row := range o.Rows {
			if i == 6 && len(o.Rows) > 7 {
				problem += fmt.Sprintf("\n  and %d more", len(o.Rows)-i)
				break
			}
			problem += "\n  " + row
		}
		key, destination := a.keyOf(o.Destination), fmt.Sprintf("\"destination\": %q, ", o.Destination)
		if o.Destination == "" {
			key, destination, problem = "allowUnlisted", "", "destinations that are not named are decided wider: "+problem
		}
		a.find(RuleWider, o.Destination, key, problem, fmt.Sprintf(
			"close it, or have a reviewer approve it in the register: {%s\"opens\": %q, \"by\": \"…\", \"on\": %q}",
			destination, o.Fingerprint, a.Today.Format(time.DateOnly)))
	}
}

func (a *audit) approved(o Opening) bool {
	return slices.ContainsFunc(a.register.Approvals, func(approval Approval) bool {
		return approval.Destination == o.Destination && approval.Opens == o.Fingerprint && strings.TrimSpace(approval.By) != "" &&
			!approval.On.After(a.Today) && (a.Base == nil || !approval.On.Before(a.Base.Written))
	})
}

func (a *audit) keyOf(destination string) string {
	i := slices.IndexFunc(a.register.Destinations, func(e Entry) bool { return e.Name == destination })
	if i < 0 {
		return ""
	}
	return index("destinations", i)
}

// unasked compares what regimes presume with the legal bases there.
func (a *audit) unasked(now *Table) {
	for _, regime := range slices.Sorted(maps.Keys(a.Regimes)) {
		for _, e := range a.register.Destinations {
			basis := e.BasisIn(regime).Kind
			s := now.find(e.Name)
			if basis != BasisConsent && basis != "" || s == nil || !now.allows(*s, row{unanswered: true, regime: regime}) {
				continue
			}
			a.find(RuleUnasked, e.Name, a.keyOf(e.Name)+".basis",
				fmt.Sprintf("visitors in regime %q are not asked before it sees their events, and its legal basis there is consent", regime),
				"presume less in that regime, or add the basis that holds there")
		}
	}
}

func (a *audit) kept() *Table {
	if a.Kept != nil {
		return a.Kept
	}
	return a.Base
}

// equal reports whether two tables decide the same, whenever they were written.
func (t *Table) equal(other *Table) bool {
	a, b := *t, *other
	a.Written, b.Written = time.Time{}, time.Time{}
	return a.String() == b.String()
}
