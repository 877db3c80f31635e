package destinations

import (
	"fmt"
	"slices"
)

// A Finding is something that [Audit] found and that somebody has to look at.
type Finding struct {
	Rule        Rule
	Warning     bool   // nothing is wrong yet: the gate lets it pass
	Destination string // "" if it is about none
	Problem     string
	Cure        string // what to do; "" if that is plain
	Key         string // in the file of the register
	Line        int    // of Key; 0 if the register was not loaded
}

// String returns the finding in one line.
func (f Finding) String() string {
	subject := ""
	if f.Destination != "" {
		subject = f.Destination + ": "
	}
	return fmt.Sprintf("%s: %s%s", f.Rule, subject, f.Problem)
}

// A Rule is a kind of Finding.
type Rule string

// The rules. The first group compares the register with the workspace, the second is
// about the register alone, the third about decisions.
const (
	RuleNew      Rule = "new"      // connected, and not in the register
	RuleVanished Rule = "vanished" // in the register, and not connected
	RuleRenamed  Rule = "renamed"  // connected under a name that the register lacks
	RuleMoved    Rule = "moved"    // in another category, at Segment or in its catalogue
	RuleUnmapped Rule = "unmapped" // in no category at Segment, which delivers everything to it

	RuleOwner      Rule = "owner"      // nobody answers for it
	RuleBasis      Rule = "basis"      // no legal basis
	RuleUnreviewed Rule = "unreviewed" // nobody reviewed it
	RuleOverdue    Rule = "overdue"    // the review has expired
	RuleNotice     Rule = "notice"     // a category that no notice explains

	RuleWider   Rule = "wider"   // decided wider than before, and not approved
	RuleUnasked Rule = "unasked" // open without an answer where its basis is consent
	RuleTable   Rule = "table"   // the table of decisions is out of date
)

// Rules lists every Rule with what it finds, in the order of [Audit].
func Rules() []RuleText { return slices.Clone(ruleTexts) }

// A RuleText says what a Rule finds.
type RuleText struct {
	Rule  Rule
	Short string
}

func (r Rule) order() int {
	return slices.IndexFunc(ruleTexts, func(t RuleText) bool { return t.Rule == r })
}

var ruleTexts = []RuleText{
	{RuleNew, "A destination is connected at Segment and is not in the register."},
	{RuleVanished, "A destination of the register is not connected at Segment."},
	{RuleRenamed, "A destination is connected under a name that the register does not list."},
	{RuleMoved, "A destination is in another category at Segment than in the register."},
	{RuleUnmapped, "A destination is in no category of consent at Segment, which delivers every event to it."},
	{RuleOwner, "Nobody answers for a destination."},
	{RuleBasis, "A destination has no legal basis."},
	{RuleUnreviewed, "Nobody has reviewed a destination."},
	{RuleOverdue, "The review of a destination has expired."},
	{RuleNotice, "No version of the privacy notice names a category."},
	{RuleWider, "A destination is decided wider than before, and nobody has approved it."},
	{RuleUnasked, "A destination is open without an answer where its legal basis is consent."},
	{RuleTable, "The table of decisions is not that of the register."},
}
