package site

import (
	"encoding/json"
	"slices"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
)

// workspaceFor returns a typical workspace of Segment: its consent categories are those of the
// policy, and somebody has connected a destination that the policy does not know.
func workspaceFor(config destinations.Config) segmenttest.Workspace {
	w := segmenttest.Workspace{Categories: config.Categories, Keep: keep}
	for _, g := range groupsOf(config) {
		w.Destinations = append(w.Destinations, g.Destinations...)
	}
	w.Destinations = append(w.Destinations, "TikTok Conversions")
	return w
}

// arrivals returns the events of a visitor at the fake Segment, the newest first.
func (s *shop) arrivals(v *visitor) []arrival {
	if s.segment == nil {
		return nil
	}
	var list []arrival
	for _, a := range slices.Backward(s.segment.Arrivals()) {
		var sent struct{ AnonymousID, UserID, Event, Name, GroupID string }
		if json.Unmarshal(a.JSON, &sent) != nil {
			continue
		}
		call := map[string]string{"track": "Track", "page": "Page", "identify": "Identify", "group": "Group"}[a.Type]
		h := head{a.MessageID, sent.AnonymousID, sent.UserID, call, sent.Event + sent.Name + sent.GroupID}
		if v.sees(h) {
			list = append(list, arrival{a, h})
		}
	}
	return list
}

type arrival struct {
	segmenttest.Arrival
	head head
}

// count returns how many events of a visitor arrived, and how many of them at each
// destination.
func (s *shop) count(v *visitor) (sent int, delivered map[string]int) {
	delivered = make(map[string]int)
	for _, g := range s.groups {
		for _, name := range g.Destinations {
			delivered[name] = 0
		}
	}
	for _, a := range s.arrivals(v) {
		sent++
		for _, d := range a.Deliveries {
			if d.Delivered {
				delivered[d.Destination]++
			}
		}
	}
	return sent, delivered
}

// A category is one question of the consent form.
type category struct{ Name, Title, Purpose string }

// categories returns the questions. Their names are the categories of the policy.
func categories() []category {
	return []category{
		{"marketingAndAnalytics", "Marketing and analytics", "To see how the shop is used, and to write to you about it."},
		{"advertising", "Advertising", "To show you our teapots elsewhere. Shares data with ad networks."},
		{"functional", "Functional", "To answer you in the support chat."},
	}
}

// questionText is everything that the form asks, in words.
func questionText() string {
	text, _ := json.Marshal(categories()) // it holds nothing but strings
	return string(text)
}

// A group is a heading over destinations.
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
