// Package records makes documents of a [destinations.Register]: the records of processing
// of Article 30 of the GDPR, the table of a cookie policy, and the facts that call for an
// impact assessment. Each is a [Table], as Markdown or CSV; [HTML] is a page with all of
// them.
//
// They say what the register says. Whether that is complete, and lawful, is for a person
// to judge.
package records

import (
	"slices"
	"strings"
	"time"

	"github.com/go-consent/segment/destinations"
)

// Processing returns the records of processing: a row for Segment itself, and one for each
// destination. [Columns] says which column of the templates of the CNIL and the ICO each
// column is for.
func Processing(r *destinations.Register) Table {
	t := Table{Title: "Records of processing activities"}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.name)
	}
	for _, e := range append([]destinations.Entry{router(r)}, r.Destinations...) {
		var row []string
		for _, c := range columns {
			row = append(row, c.value(r, e))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Columns returns each column of Processing with the requirement of the GDPR and the columns of two
// templates that it is for: the CNIL's record ("fiche de registre") and the ICO's documentation
// template for controllers. If a template has no such column, the field is "–". The ICO's columns on
// breaches, on the conditions of Schedule 1 of the Data Protection Act 2018 and on the rights of
// individuals have no counterpart, since a register of destinations says nothing about them.
func Columns() Table {
	t := Table{Title: "Where the columns come from", Columns: []string{"Column", "GDPR", "CNIL", "ICO"}}
	for _, c := range columns {
		t.Rows = append(t.Rows, []string{c.name, c.gdpr, c.cnil, c.ico})
	}
	return t
}

// router returns Segment itself in the form of an entry. It receives what any destination
// does.
func router(r *destinations.Register) destinations.Entry {
	e := destinations.Entry{
		Name: "Segment", Vendor: r.Segment.Vendor,
		Purposes:  []string{"routing of events to the destinations below"},
		Region:    r.Segment.Region,
		Transfers: r.Segment.Transfers,
		Retention: r.Segment.Retention,
		Security:  r.Segment.Security,
		Cookies:   r.Segment.Cookies,
		DPA:       r.Segment.DPA,
	}
	if r.Segment.Vendor.Name != "" {
		e.Recipients = []string{r.Segment.Vendor.Name}
	}
	for _, d := range r.Destinations {
		e.Persons = union(e.Persons, d.Persons)
		e.Data = union(e.Data, d.Data)
		e.SensitiveData = union(e.SensitiveData, d.SensitiveData)
	}
	return e
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// column is one of the records of processing.
type column struct {
	name, gdpr, cnil, ico string
	value                 func(*destinations.Register, destinations.Entry) string
}

const none = "–"

var columns = []column{
	{"Activity", none, "Nom de l'activité", "Business function", func(_ *destinations.Register, e destinations.Entry) string { return e.Name }},
	{"Purposes", "Art. 30(1)(b)", "Finalités et sous-finalités", "Purpose of processing", func(_ *destinations.Register, e destinations.Entry) string { return lines(e.Purposes) }},
	{"Controller", "Art. 30(1)(a)", "Responsable du traitement", "Name and contact details (head of the template)", func(r *destinations.Register, _ destinations.Entry) string { return party(r.Controller) }},
	{"Joint or further controller", "Art. 30(1)(a)", "Responsables conjoints", "Joint controller", controllers},
	{"Individuals", "Art. 30(1)(c)", "Catégories de personnes concernées", "Categories of individuals", func(_ *destinations.Register, e destinations.Entry) string { return lines(e.Persons) }},
	{"Personal data", "Art. 30(1)(c)", "Catégories de données", "Categories of personal data", func(_ *destinations.Register, e destinations.Entry) string { return lines(e.Data) }},
	{"Sensitive data", "Art. 30(1)(c), 9, 10", "Données sensibles", "Special category and criminal offence data", func(_ *destinations.Register, e destinations.Entry) string { return lines(e.SensitiveData) }},
	{"Recipients", "Art. 30(1)(d)", "Destinataires", "Categories of recipients", func(_ *destinations.Register, e destinations.Entry) string { return lines(e.Recipients) }},
	{"Processor", "Art. 28", "Sous-traitants", "Contract with the processor", processor},
	{"Third countries", "Art. 30(1)(e)", "Transferts hors UE: pays", "Third countries that data are transferred to", func(_ *destinations.Register, e destinations.Entry) string { return countries(e.Transfers) }},
	{"Safeguards", "Art. 30(1)(e)", "Transferts hors UE: garanties", "Safeguards for transfers", func(_ *destinations.Register, e destinations.Entry) string { return safeguards(e.Transfers) }},
	{"Retention", "Art. 30(1)(f)", "Durées de conservation", "Retention schedule", func(_ *destinations.Register, e destinations.Entry) string { return e.Retention }},
	{"Security", "Art. 30(1)(g)", "Mesures de sécurité", "Technical and organisational security measures", security},
	{"Lawful basis", "Art. 6", none, "Article 6 lawful basis", bases},
	{"Legitimate interest", "Art. 6(1)(f)", none, "Record of legitimate interests assessment", assessments},
	{"Categories of consent", "Art. 7", none, none, func(_ *destinations.Register, e destinations.Entry) string { return lines(e.Categories) }},
	{"Record of consent", "Art. 7(1)", none, "Link to record of consent", consentRecord},
	{"Location", none, none, "Location of personal data", func(_ *destinations.Register, e destinations.Entry) string { return e.Region }},
	{"Source", "Art. 14(2)(f)", none, "Source of the personal data", func(_ *destinations.Register, e destinations.Entry) string { return e.Source }},
	{"Automated decisions", "Art. 22", none, "Automated decision-making, including profiling", automated},
	{"Impact assessment", "Art. 35", none, "Link to Data Protection Impact Assessment", func(_ *destinations.Register, e destinations.Entry) string { return e.DPIA }},
	{"Owner", none, none, none, func(_ *destinations.Register, e destinations.Entry) string { return e.Owner }},
	{"Reviewed", none, "Date de mise à jour", none, reviewed},
	{"Next review", none, none, none, func(_ *destinations.Register, e destinations.Entry) string { return day(e.NextReview) }},
}

func lines(parts []string) string { return strings.Join(parts, "\n") }

// filled joins what is not empty.
func filled(separator string, parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, separator)
}

func party(p destinations.Party) string { return filled("\n", p.Name, p.Address, p.Contact) }

func vendor(v destinations.Vendor) string { return filled("\n", v.Name, v.Address, v.Contact) }

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func controllers(r *destinations.Register, e destinations.Entry) string {
	all := []string{}
	for _, p := range r.JointControllers {
		all = append(all, party(p))
	}
	switch e.Vendor.Role {
	case destinations.RoleJointController:
		all = append(all, "joint: "+vendor(e.Vendor))
	case destinations.RoleController:
		all = append(all, "of its own: "+vendor(e.Vendor))
	}
	return lines(all)
}

func processor(_ *destinations.Register, e destinations.Entry) string {
	if e.Vendor.Role != destinations.RoleProcessor {
		return ""
	}
	return filled("\n", vendor(e.Vendor), e.DPA)
}

func countries(transfers []destinations.Transfer) string {
	var all []string
	for _, t := range transfers {
		all = append(all, t.Country)
	}
	return strings.Join(all, ", ")
}

func safeguards(transfers []destinations.Transfer) string {
	var all []string
	for _, t := range transfers {
		all = append(all, t.Country+": "+t.Safeguard)
	}
	return lines(all)
}

func security(r *destinations.Register, e destinations.Entry) string {
	if e.Security != "" {
		return e.Security
	}
	return r.Security
}

var basisNames = map[destinations.BasisKind]string{
	destinations.BasisConsent:            "consent",
	destinations.BasisStrictlyNecessary:  "strictly necessary",
	destinations.BasisLegitimateInterest: "legitimate interest",
	destinations.BasisContract:           "contract",
	destinations.BasisLegalObligation:    "legal obligation",
	destinations.BasisOptOut:             "until the person objects",
}

func basis(b destinations.Basis) string { return filled(": ", basisNames[b.Kind], b.Reason) }

func bases(_ *destinations.Register, e destinations.Entry) string {
	all := []string{basis(e.Basis)}
	for _, o := range e.Overrides {
		all = append(all, "in "+o.Regime+": "+basis(o.Basis))
	}
	return filled("\n", all...)
}

func assessments(_ *destinations.Register, e destinations.Entry) string {
	all := []string{e.Basis.Assessment}
	for _, o := range e.Overrides {
		if o.Basis.Assessment != "" {
			all = append(all, "in "+o.Regime+": "+o.Basis.Assessment)
		}
	}
	return filled("\n", all...)
}

func consentRecord(r *destinations.Register, e destinations.Entry) string {
	if len(e.Categories) == 0 {
		return ""
	}
	return r.ConsentRecords
}

func automated(_ *destinations.Register, e destinations.Entry) string {
	var all []string
	if e.AutomatedDecisions {
		all = append(all, "automated decisions")
	}
	if e.Audiences {
		all = append(all, "profiling: audiences are built")
	}
	return lines(all)
}

func reviewed(_ *destinations.Register, e destinations.Entry) string {
	return filled(", ", day(e.Reviewed), e.Reviewer)
}
