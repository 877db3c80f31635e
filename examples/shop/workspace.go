package main

import (
	"slices"

	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/internal/segment"
)

// workspaceFor returns a workspace of Segment as it is likely to be: its consent
// categories are those of the policy, and somebody has since connected a destination
// that the policy has not heard of.
func workspaceFor(config destinations.Config) segment.Workspace {
	w := segment.Workspace{Categories: config.Categories}
	for _, g := range groupsOf(config) {
		for _, name := range g.Destinations {
			w.Destinations = append(w.Destinations, segment.Named(name))
		}
	}
	w.Destinations = append(w.Destinations, segment.Named("TikTok Conversions"))
	return w
}

// A group is a heading over destinations in the table of events.
type group struct {
	Title        string
	Destinations []string
}

// groupsOf returns the destinations of a policy, by category in the order of the
// consent form. One in several categories comes under the first.
func groupsOf(config destinations.Config) []group {
	var groups []group
	for _, c := range categories() {
		groups = addGroup(groups, c.Title, config.Categories[c.Name])
	}
	return addGroup(groups, "Strictly necessary", config.Always)
}

// addGroup adds what is not in another group.
func addGroup(groups []group, title string, names []string) []group {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(groups, func(g group) bool { return slices.Contains(g.Destinations, name) })
	})
	if len(names) == 0 {
		return groups
	}
	return append(groups, group{title, names})
}
