package records

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-consent/segment/destinations"
)

// many is the number of destinations from which processing counts as large-scale here. The law
// gives no number; this one is ours.
const many = 10

// Assessment returns the facts in the register that call for a data protection impact
// assessment (Article 35 of the GDPR; guidelines WP 248 rev.01 of the Article 29 Working
// Party), with the destinations that each is about and the assessments that are linked.
// Without rows, the register holds no such fact.
func Assessment(r *destinations.Register) Table {
	t := Table{
		Title:   "What calls for an impact assessment",
		Columns: []string{"Fact", "Why", "Destinations", "Assessed in"},
	}
	add := func(fact, why string, is func(destinations.Entry) bool) {
		var names, linked []string
		missing := false
		for _, e := range r.Destinations {
			if !is(e) {
				continue
			}
			names = append(names, e.Name)
			missing = missing || e.DPIA == ""
			if e.DPIA != "" && !slices.Contains(linked, e.DPIA) {
				linked = append(linked, e.DPIA)
			}
		}
		if len(names) == 0 {
			return
		}
		if missing {
			linked = append(linked, "not linked for all")
		}
		t.Rows = append(t.Rows, []string{fact, why, strings.Join(names, ", "), lines(linked)})
	}
	asked := func(e destinations.Entry) bool { return len(e.Categories) > 0 }
	if len(r.Destinations) >= many {
		add(fmt.Sprintf("Events go to %d destinations", len(r.Destinations)),
			"Large scale, and data that are matched at many places: WP 248, criteria 5 and 6",
			func(destinations.Entry) bool { return true })
	}
	add("Advertising, with transfers to third countries",
		"Behaviour is evaluated outside the Union: WP 248, criterion 1; Chapter V of the GDPR",
		func(e destinations.Entry) bool { return advertising(r, e) && len(e.Transfers) > 0 })
	add("Audiences are built", "Evaluation and profiling: Article 35(3)(a); WP 248, criteria 1 and 6",
		func(e destinations.Entry) bool { return e.Audiences })
	add("Automated decisions are taken", "Article 35(3)(a); WP 248, criterion 2",
		func(e destinations.Entry) bool { return e.AutomatedDecisions })
	add("Sensitive data are sent", "Article 35(3)(b); WP 248, criterion 4",
		func(e destinations.Entry) bool { return len(e.SensitiveData) > 0 })
	add("A denial is carried out downstream alone",
		"Segment receives the event when anything else may, and keeps it from these: an error there opens them",
		func(e destinations.Entry) bool { return asked(e) && !e.Unstoppable() })
	add("Segment cannot keep an event from it",
		"A denial keeps the whole event at home, and whatever is sent around this library arrives",
		func(e destinations.Entry) bool { return asked(e) && e.Unstoppable() })
	return t
}

func advertising(r *destinations.Register, e destinations.Entry) bool {
	return slices.ContainsFunc(r.Categories, func(c destinations.Category) bool {
		return c.Advertising && slices.Contains(e.Categories, c.Name)
	})
}
