package records

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
)

func sample(t *testing.T) *destinations.Register {
	t.Helper()
	f, err := os.Open("../testdata/register.json")
	require.NoError(t, err)
	defer f.Close()
	r, err := destinations.Load(f)
	require.NoError(t, err)
	return r
}

// field returns a field of a table: in the row that begins with the name, and in the column.
func field(t *testing.T, table Table, row, column string) string {
	t.Helper()
	for _, r := range table.Rows {
		if r[0] != row {
			continue
		}
		for i, c := range table.Columns {
			if c == column {
				return r[i]
			}
		}
	}
	require.Fail(t, "no such field", "%s of %s", column, row)
	return ""
}

func TestProcessing(t *testing.T) {
	p := Processing(sample(t))
	require.Len(t, p.Rows, 31, "Segment, and 30 destinations")
	require.Equal(t, "Segment", p.Rows[0][0])
	for _, c := range []struct{ row, column, want string }{
		{"Segment", "Third countries", "US"},
		{"Segment", "Individuals", "visitors\ncustomers\nbusiness customers\nsubscribers"},
		{"Segment", "Processor", "Twilio Ireland Limited (Segment)\n70 Sir John Rogerson's Quay, Dublin 2, Ireland\nhttps://privacy.maison-alder.example/dpa/segment"},
		{"Amplitude (Actions)", "Lawful basis", "consent\nin uk: legitimate interest: Statistics of our own use, exempt from consent under PECR Schedule A1 since 2026-02-05.\nin us: until the person objects: State privacy laws let processing go on until the person objects; Global Privacy Control counts as an objection."},
		{"Amplitude (Actions)", "Legitimate interest", "in uk: https://privacy.maison-alder.example/lia/uk-statistics"},
		{"Amplitude (Actions)", "Joint or further controller", ""},
		{"Facebook Pixel", "Joint or further controller", "joint: Meta Platforms Ireland Limited"},
		{"Facebook Pixel", "Processor", ""},
		{"Facebook Pixel", "Automated decisions", "profiling: audiences are built"},
		{"TikTok Pixel", "Third countries", "US, SG"},
		{"Sift", "Lawful basis", "strictly necessary: The customer asks for a payment, which the bank and we protect against fraud; nothing else is done with the data."},
		{"Sift", "Record of consent", ""},
		{"Heap", "Record of consent", "https://privacy.maison-alder.example/consent-ledger"},
		{"Heap", "Reviewed", "2026-06-15, Inès Marchand"},
		{"Heap", "Retention", "13 months"},
		{"Heap", "Next review", "2027-06-15"},
	} {
		require.Equal(t, c.want, field(t, p, c.row, c.column), "%s of %s", c.column, c.row)
	}
}

// Each point of Article 30(1) has a column, and so does each column of the templates for which
// the register has a field.
func TestColumnsCoverArticle30AndTheTemplates(t *testing.T) {
	c := Columns()
	require.Len(t, c.Rows, len(Processing(sample(t)).Columns))
	text := c.CSV()
	for _, point := range []string{"(a)", "(b)", "(c)", "(d)", "(e)", "(f)", "(g)"} {
		require.Contains(t, text, "Art. 30(1)"+point)
	}
	for _, want := range []string{
		"Finalités", "Responsables conjoints", "Catégories de personnes", "Catégories de données", "Données sensibles", "Destinataires",
		"Sous-traitants", "Transferts hors UE: pays", "Transferts hors UE: garanties", "Durées de conservation", "Mesures de sécurité",
		"Article 6 lawful basis", "legitimate interests assessment", "Link to record of consent", "Location of personal data",
		"Source of the personal data", "Automated decision-making", "Data Protection Impact Assessment", "Retention schedule",
	} {
		require.Contains(t, text, want)
	}
}

func TestCookies(t *testing.T) {
	c := Cookies(sample(t))
	require.Equal(t, []string{
		"Segment itself, which carries out your answer", "Segment\nTwilio Ireland Limited (Segment)", "processor", "tracking-preferences",
		"keeps your answer about cookies", "6 months", "US: Adequacy decision (EU) 2023/1795, EU-US Data Privacy Framework",
	}, c.Rows[0])
	seen := make(map[string]int)
	for _, row := range c.Rows {
		name, _, _ := strings.Cut(row[1], "\n")
		seen[name]++
	}
	require.Len(t, seen, 31, "whoever receives data has a row")
	require.Equal(t, 1, seen["Braze Cloud Mode (Actions)"], "though it needs two categories")
	require.Equal(t, 2, seen["Google Analytics 4 Web"])
}

func TestAssessment(t *testing.T) {
	a := Assessment(sample(t))
	require.Equal(t, "Amazon S3", field(t, a, "Segment cannot keep an event from it", "Destinations"))
	require.Equal(t, "Sift", field(t, a, "Automated decisions are taken", "Destinations"))
	require.NotContains(t, field(t, a, "Audiences are built", "Assessed in"), "not linked for all")
	require.NotContains(t, field(t, a, "Advertising, with transfers to third countries", "Destinations"), "Criteo", "which keeps its data in France")
	require.Contains(t, field(t, a, "Events go to 30 destinations", "Assessed in"), "not linked for all")
	require.NotContains(t, field(t, a, "A denial is carried out downstream alone", "Destinations"), "Webhooks")

	r := &destinations.Register{Destinations: []destinations.Entry{{Name: "Sift", Basis: destinations.Basis{Kind: destinations.BasisStrictlyNecessary}}}}
	require.Empty(t, Assessment(r).Rows)
	r.Destinations[0].SensitiveData = []string{"health"}
	require.Equal(t, "Sift", field(t, Assessment(r), "Sensitive data are sent", "Destinations"))
}

func TestNoFieldIsAFormula(t *testing.T) {
	for _, field := range []string{
		"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "\ufeff=1", "＝1", "|x", "safe\n=HYPERLINK(\"x\")",
	} {
		table := Table{Columns: []string{"=column"}, Rows: [][]string{{field}}}
		rows, err := csv.NewReader(strings.NewReader(table.CSV())).ReadAll()
		require.NoError(t, err)
		require.Equal(t, "'=column", rows[0][0])
		last := rows[1][0][strings.LastIndex(rows[1][0], "\n")+1:]
		require.True(t, strings.HasPrefix(last, "'"), "%q", rows[1][0])
	}
	require.Equal(t, "a,b\r\n\"x, \"\"y\"\"\",1-2=3\r\n", Table{Columns: []string{"a", "b"}, Rows: [][]string{{`x, "y"`, "1-2=3"}}}.CSV())
}

func TestMarkdownAndHTMLEscape(t *testing.T) {
	r := sample(t)
	r.Destinations[0].Name = "a|b <script>*x*_y_\n`z`[l](u)"
	r.Destinations[0].DPA = "javascript:alert(1)"
	text := Markdown(r, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	require.Contains(t, text, "a\\|b &lt;script&gt;\\*x\\*\\_y\\_<br>\\`z\\`\\[l\\](u)")
	require.Contains(t, text, "- Data protection officer: Inès Marchand, dpo@maison-alder.example")
	require.Contains(t, text, "As of 2026-11-25.")

	var html strings.Builder
	require.NoError(t, HTML(&html, r, time.Time{}))
	require.NotContains(t, html.String(), "<script")
	require.NotContains(t, html.String(), `href="javascript`)
	require.Contains(t, html.String(), `<a href="https://privacy.maison-alder.example/dpa/heap">`)
	for _, title := range []string{"Records of processing activities", "Cookies, and who", "What calls for", "Where the columns come from"} {
		require.Contains(t, html.String(), title)
	}
	require.NoError(t, HTML(&html, &destinations.Register{}, time.Time{}))
}
