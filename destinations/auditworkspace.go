package destinations

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-consent/segment/internal/segment"
)

// workspace compares the register with what is connected.
func (a *audit) workspace() {
	owners := make(map[string]int) // name to index of the entry
	for i, e := range a.register.Destinations {
		for _, name := range e.Names() {
			owners[name] = i
		}
	}
	met := make(map[int]bool)
	for _, c := range a.Workspace.Destinations {
		i, ok := match(c, owners)
		if !ok {
			problem := "it is connected at Segment and not in the register"
			if c.Consent != nil && len(c.Consent) == 0 {
				problem += ", and Segment asks for no consent before it delivers to it"
			}
			a.find(RuleNew, c.Name, "destinations", problem, a.proposal(c))
			continue
		}
		met[i] = true
		key := index("destinations", i)
		a.renamed(c, a.register.Destinations[i], key, owners)
		a.moved(c, a.register.Destinations[i], key)
	}
	a.unmapped()
	for i, e := range a.register.Destinations {
		if !met[i] && (a.Workspace.Warehouses || !isStorage(e)) {
			a.warn(RuleVanished, e.Name, index("destinations", i)+".name", "it is in the register and not connected at Segment",
				"remove it, or look for the name under which it is connected")
		}
	}
}

// isStorage reports whether a destination is a warehouse or storage, which some sources of a
// Workspace do not list.
func isStorage(e Entry) bool {
	return e.Unstoppable() || slices.ContainsFunc(e.Names(), func(name string) bool {
		return segment.IsWarehouse(name) || name == segment.Warehouses
	})
}

// match returns the entry of a connected destination, found by its name, or else by its creation
// name, or else by a former name.
func match(c Connected, owners map[string]int) (entry int, ok bool) {
	for _, name := range slices.Concat([]string{c.Name, c.CreationName}, c.PreviousNames) {
		if i, ok := owners[name]; ok {
			return i, true
		}
	}
	return 0, false
}

func (a *audit) renamed(c Connected, e Entry, key string, owners map[string]int) {
	quoted := func(name string) string { return fmt.Sprintf("%q", name) }
	claim := func(name string) (free bool) {
		other, ok := owners[name]
		if ok && a.register.Destinations[other].Name != e.Name {
			a.find(RuleRenamed, e.Name, key+".name", fmt.Sprintf("Segment also calls it %q, which the register has as a name of %q",
				name, a.register.Destinations[other].Name), "make one entry of the two, or move the name")
			return false
		}
		return !ok
	}
	if claim(c.Name) {
		a.find(RuleRenamed, e.Name, key+".name", "it is connected as "+quoted(c.Name)+", which the register does not list",
			"make "+quoted(c.Name)+" its name, and "+quoted(e.Name)+" one of its previousNames")
	}
	if c.CreationName != "" && c.CreationName != c.Name && claim(c.CreationName) {
		a.find(RuleRenamed, e.Name, key+".name", "the Consent Manager's cookie calls it "+quoted(c.CreationName)+
			", so that a visitor's denial is not found", "make that its creationName")
	}
	for _, name := range c.PreviousNames {
		if name != "" && claim(name) {
			a.warn(RuleRenamed, e.Name, key+".name", "Segment also takes its former name "+quoted(name), "add that to its previousNames")
		}
	}
}

func (a *audit) moved(c Connected, e Entry, key string) {
	necessary := e.Basis.Kind == BasisStrictlyNecessary
	switch have, want := sortedNames(c.Consent), sortedNames(e.Categories); {
	case c.Consent == nil:
	case len(have) == 0 && !necessary:
		a.find(RuleUnmapped, e.Name, key+".categories",
			"it is in no category of consent at Segment, which delivers every event to it unless the server closes it",
			"map it to "+list(want)+" at Segment")
	case len(have) > 0 && necessary:
		a.find(RuleMoved, e.Name, key+".basis", "it is strictly necessary here, and at Segment it needs consent to "+list(have), "")
	case !slices.Equal(have, want):
		a.find(RuleMoved, e.Name, key+".categories",
			fmt.Sprintf("its categories are %s here, and %s at Segment", list(want), list(have)), "review which is right, and change the other")
	}
	if e.Catalogue != "" && c.Catalogue != "" && e.Catalogue != c.Catalogue {
		a.find(RuleMoved, e.Name, key+".catalogue", fmt.Sprintf("Segment's catalogue had it under %q when it was reviewed, and has it under %q now",
			e.Catalogue, c.Catalogue), "review its categories; "+a.proposal(c))
	}
}

// unmapped finds what Segment does not enforce, where the list of destinations does not show it.
func (a *audit) unmapped() {
	isUnmapped := func(c Connected) bool { return c.Consent != nil && len(c.Consent) == 0 }
	isNecessary := func(e Entry) bool { return e.Basis.Kind == BasisStrictlyNecessary }
	if a.Workspace.Unmapped && !slices.ContainsFunc(a.Workspace.Destinations, isUnmapped) && !slices.ContainsFunc(a.register.Destinations, isNecessary) {
		a.find(RuleUnmapped, "", "destinations",
			"Segment says that a destination is in no category of consent, and none that it shows is: it is one in cloud mode",
			"look for it in the workspace, under consent management")
	}
	if a.Workspace.Categories == nil {
		return
	}
	for i, c := range a.register.Categories {
		if !slices.Contains(a.Workspace.Categories, c.Name) {
			a.warn(RuleUnmapped, "", index("categories", i)+".name", fmt.Sprintf(
				"category %q is not one that Segment enforces: it has no destination there, is disabled, or is spelt otherwise", c.Name), "")
		}
	}
}

func sortedNames(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return strings.Join(quoted, " and ")
}

// Which category of the Consent Manager a category of Segment's catalogue belongs to, by the lists
// of that program (src/consent-manager/categories.ts). Names are exact. There, any category that is
// in no list is marketingAndAnalytics.
var (
	catalogueAdvertising = []string{"Advertising", "Tag Managers"}
	catalogueFunctional  = []string{
		"CRM", "Customer Success", "Deep Linking", "Helpdesk", "Livechat", "Performance Monitoring",
		"Personalization", "SMS & Push Notifications", "Security & Fraud",
	}
)

// proposal says how a destination that nobody has reviewed may be entered. It decides
// nothing.
func (a *audit) proposal(c Connected) string {
	proposed := "marketingAndAnalytics"
	switch {
	case slices.Contains(catalogueAdvertising, c.Catalogue):
		proposed = "advertising"
	case slices.Contains(catalogueFunctional, c.Catalogue):
		proposed = "functional"
	}
	switch {
	case len(c.Consent) > 0:
		return "review it and add it; Segment has it in " + list(c.Consent)
	case c.Catalogue == "":
		return "review it and add it"
	}
	return fmt.Sprintf("review it and add it; Segment's catalogue has it under %q, which the Consent Manager takes for %q", c.Catalogue, proposed)
}
