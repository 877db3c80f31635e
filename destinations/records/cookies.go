package records

import (
	"slices"
	"strings"

	"github.com/go-consent/segment/destinations"
)

// Cookies returns the table of a cookie policy: the cookies of Segment, and those of each
// destination below its category, in the order of the register's categories. A destination without
// cookies has a row, too, since it also receives the visitor's data.
func Cookies(r *destinations.Register) Table {
	t := Table{
		Title:   "Cookies, and who receives data through us",
		Columns: []string{"Category", "Provider", "Role", "Cookie", "Purpose", "Duration", "Data leave for"},
	}
	if r.Segment.Vendor.Name != "" {
		t.add("Segment itself, which carries out your answer", router(r))
	}
	for _, e := range r.Destinations {
		if len(e.Categories) == 0 {
			t.add("always: strictly necessary", e)
		}
	}
	for _, c := range r.Categories {
		for _, e := range r.Destinations {
			// One that needs several categories is told with the first of them.
			if i := slices.IndexFunc(r.Categories, func(c destinations.Category) bool { return slices.Contains(e.Categories, c.Name) }); i >= 0 && r.Categories[i].Name == c.Name {
				t.add(strings.Join(e.Categories, " and "), e)
			}
		}
	}
	return t
}

var roleNames = map[destinations.Role]string{
	destinations.RoleProcessor: "processor", destinations.RoleJointController: "joint controller", destinations.RoleController: "controller of its own",
}

func (t *Table) add(category string, e destinations.Entry) {
	provider := filled("\n", e.Name, e.Vendor.Name)
	leaves := filled(": ", filled(", ", countries(e.Transfers)), safeguardsAlone(e.Transfers))
	cookies := e.Cookies
	if len(cookies) == 0 {
		cookies = []destinations.Cookie{{Name: "none of its own", Purpose: lines(e.Purposes), Duration: none}}
	}
	for _, c := range cookies {
		t.Rows = append(t.Rows, []string{category, provider, roleNames[e.Vendor.Role], c.Name, c.Purpose, c.Duration, leaves})
	}
}

func safeguardsAlone(transfers []destinations.Transfer) string {
	var all []string
	for _, t := range transfers {
		if !slices.Contains(all, t.Safeguard) {
			all = append(all, t.Safeguard)
		}
	}
	return strings.Join(all, "; ")
}
