package destinations

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

const sampleFile = "testdata/register.json"

func sample(t testing.TB) *Register {
	t.Helper()
	f, err := os.Open(sampleFile)
	require.NoError(t, err)
	defer f.Close()
	r, err := Load(f)
	require.NoError(t, err)
	return r
}

func date(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	require.NoError(t, err)
	return d
}

func TestLoadReadsTheWholeRegister(t *testing.T) {
	r := sample(t)
	require.Len(t, r.Destinations, 30)
	require.Equal(t, "Maison Alder SAS", r.Controller.Name)
	require.Equal(t, "2026-06", r.Notice.Version)
	require.Equal(t, "ajs_anonymous_id", r.Segment.Cookies[1].Name)

	ads := r.Destinations[10]
	require.Equal(t, []string{"Google Ads (Gtag)", "Google AdWords New", "Google AdWords New (Gtag)", "AdWords"}, ads.Names())
	require.Equal(t, RoleController, ads.Vendor.Role)
	require.Equal(t, []Transfer{{"US", "Adequacy decision (EU) 2023/1795, EU-US Data Privacy Framework"}}, ads.Transfers)
	require.Equal(t, BasisConsent, ads.BasisIn("eu").Kind)
	require.Equal(t, BasisOptOut, ads.BasisIn("us").Kind)
	require.True(t, ads.Audiences)
	require.Equal(t, date(t, "2027-06-15"), ads.NextReview)
	require.True(t, r.Destinations[29].Unstoppable(), "Amazon S3")
	require.False(t, ads.Unstoppable())

	require.Equal(t, 1, r.Line(""))
	require.Equal(t, lineOf(t, `"name": "Google Ads (Gtag)"`), r.Line("destinations[10].name"))
	require.Equal(t, lineOf(t, `"name": "Google Ads (Gtag)"`)-1, r.Line("destinations[10].absent"), "the line of what it would be in")
	require.Zero(t, (&Register{}).Line("controller"))
}

// lineOf returns the number of the line of the sample that contains a text.
func lineOf(t *testing.T, text string) int {
	t.Helper()
	data, err := os.ReadFile(sampleFile)
	require.NoError(t, err)
	i := bytes.Index(data, []byte(text))
	require.Positive(t, i)
	return bytes.Count(data[:i], []byte("\n")) + 1
}

// The policy decides as the register was reviewed.
func TestTheConfigOfARegister(t *testing.T) {
	c := sample(t).Config()
	require.Equal(t, []string{"Sift", "Webhooks"}, c.Always)
	require.Equal(t, []string{"HubSpot Cloud Mode (Actions)", "Braze Cloud Mode (Actions)", "Customer.io (Actions)"}, c.Categories["marketing"])
	require.Contains(t, c.Categories["analytics"], "Braze Cloud Mode (Actions)")
	require.Equal(t, []string{"Sift Science"}, c.Aliases["Sift"])
	require.NotContains(t, c.Aliases, "Heap")
	require.Contains(t, c.ServerOnly, "Zendesk")

	d := MustCompile(c).Decide(consent.NewState(m{"analytics": true, "marketing": false}))
	require.True(t, d.Allows("Actions Amplitude"))
	require.True(t, d.Allows("Webhooks"))
	require.False(t, d.Allows("Braze Cloud Mode (Actions)"))
	require.False(t, d.Allows("Zendesk"), "a contract opens nothing by itself")
}

func TestDefaultsArePresumed(t *testing.T) {
	defaults := sample(t).Defaults()
	require.Equal(t, consent.NewState(nil), defaults["eu"])
	require.Equal(t, consent.NewState(m{"analytics": true}).Presume(), defaults["uk"])
	require.False(t, defaults["us"].Answered())
	require.Equal(t, consent.Granted, defaults["us"].Category("advertising"))
}

// small is a correct register, into which tests put one mistake at a time.
const small = `{
 "version": 1,
 "controller": {"name": "Shop Ltd"},
 "categories": [
  {"name": "analytics", "purpose": "Statistics", "noticeVersion": "1"},
  {"name": "ads"}
 ],
 "regimes": [{"name": "us", "presumed": ["ads"]}],
 "destinations": [
  {"name": "Amplitude", "categories": ["analytics"]},
  {"name": "Webhooks", "basis": {"kind": "strictlyNecessary", "reason": "orders"}}
 ]
}`

func TestLoadLocatesEveryMistake(t *testing.T) {
	_, err := Load(strings.NewReader(small))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		old, new string
		want     []string
	}{
		"not JSON":             {`"version": 1,`, `"version": 1`, []string{`line 3: not JSON: `}},
		"cut off":              {"]\n}", "]\n", []string{`line 12: the file ends too early`}},
		"something follows":    {"]\n}", "]\n}\n{}", []string{`line 14: not a register: something follows the end of the object`}},
		"not UTF-8":            {"Shop", "Sh\xffp", []string{`line 3: this is not UTF-8`}},
		"too deep":             {`"version": 1`, `"version": ` + strings.Repeat("[", 40), []string{`line 2: not a register: nested deeper than 16`}},
		"not an object":        {small, `[]`, []string{`line 1: is a list, not an object`}},
		"unknown key":          {`"regimes"`, `"regime"`, []string{`line 8: regime: there is no such key; is "regimes" meant?`}},
		"key in another case":  {`"noticeVersion"`, `"notice_version"`, []string{`line 5: categories[0].notice_version: there is no such key; is "noticeVersion" meant?`}},
		"key with a mark":      {`"version": 1`, `"version": 1, "version!": 1`, []string{`line 2: version!: there is no such key; is "version" meant?`}},
		"a key twice":          {`"name": "Amplitude"`, `"name": "Amplitude", "name": "Facebook Pixel"`, []string{`line 10: destinations[0].name: is there twice, first in line 10`}},
		"a line in a key":      {`"version": 1`, `"version": 1, "x\n::error::": 1`, []string{`line 2: "x\n::error::": there is no such key`}},
		"missing key":          {`"name": "Amplitude", `, ``, []string{`line 10: destinations[0]: the key "name" is missing`}},
		"another version":      {`"version": 1`, `"version": 2`, []string{`line 2: version: is not 1, the only version that there is`}},
		"null":                 {`["ads"]`, `null`, []string{`line 8: regimes[0].presumed: is null, not a list`}},
		"a number for a text":  {`"Shop Ltd"`, `7`, []string{`line 3: controller.name: is a number, not a string`}},
		"an empty text":        {`"Shop Ltd"`, `" "`, []string{`line 3: controller.name: is empty`}},
		"a control character":  {`"Amplitude"`, `"Ampli\ttude"`, []string{`line 10: destinations[0].name: holds a control character`}},
		"a long name":          {`"Amplitude"`, `"` + strings.Repeat("é", 201) + `"`, []string{`line 10: destinations[0].name: has 201 characters, the limit is 200`}},
		"no date":              {`"name": "Amplitude"`, `"name": "Amplitude", "reviewed": "2026-02-30"`, []string{`line 10: destinations[0].reviewed: is no date such as 2026-11-25`}},
		"another basis":        {`strictlyNecessary`, `necessary`, []string{`line 11: destinations[1].basis.kind: is none of "consent", "strictlyNecessary", "legitimateInterest", "contract", "legalObligation", "optOut"`}},
		"no reason":            {`, "reason": "orders"`, ``, []string{`line 11: destinations[1].basis: what is strictly necessary needs its reason`}},
		"no assessment":        {`strictlyNecessary`, `legitimateInterest`, []string{`line 11: destinations[1].basis: a legitimate interest needs its assessment`}},
		"no destinations":      {small[strings.Index(small, `{"name": "Amplitude"`):strings.LastIndex(small, "]")], ``, []string{`line 9: destinations: is empty`}},
		"in no category":       {`["analytics"]}`, `[]}`, []string{`line 10: destinations[0]: is in no category and not strictly necessary, so that no answer decides it`}},
		"necessary, and asked": {`"name": "Webhooks", `, `"name": "Webhooks", "categories": ["ads"], `, []string{`line 11: destinations[1]: is strictly necessary and in a category; it is decided by one or the other`}},
		"no such category":     {`["analytics"]}`, `["Analytics"]}`, []string{`line 10: destinations[0].categories[0]: there is no category "Analytics"`}},
		"a category twice":     {`["analytics"]}`, `["analytics", "analytics"]}`, []string{`line 10: destinations[0].categories[1]: there are two of the category "analytics"`}},
		"two of a category":    {`{"name": "ads"}`, `{"name": "ads"}, {"name": "ads"}`, []string{`line 6: categories[2].name: there are two of the category "ads"`}},
		"presumed, no such":    {`["ads"]`, `["adverts"]`, []string{`line 8: regimes[0].presumed[0]: there is no category "adverts"`}},
		"no such regime":       {`"name": "Amplitude"`, `"name": "Amplitude", "overrides": [{"regime": "uk", "basis": {"kind": "optOut"}}]`, []string{`line 10: destinations[0].overrides[0].regime: there is no regime "uk"`}},
		"necessary somewhere":  {`"name": "Amplitude"`, `"name": "Amplitude", "overrides": [{"regime": "us", "basis": {"kind": "strictlyNecessary", "reason": "x"}}]`, []string{`line 10: destinations[0].overrides[0].basis.kind: is strictly necessary in one regime and not in another`}},
		"two of a casing":      {`"name": "Webhooks"`, `"name": "Webhooks", "aliases": ["AMPLITUDE "]`, []string{`line 11: destinations[1].aliases[0]: "AMPLITUDE " is a name of "Amplitude" already, as "Amplitude"`}},
		"two of a name":        {`"name": "Webhooks"`, `"name": "Webhooks", "aliases": ["Amplitude"]`, []string{`line 11: destinations[1].aliases[0]: "Amplitude" is a name of "Amplitude" already`}},
		"a reserved name":      {`"name": "Webhooks"`, `"name": "Webhooks", "creationName": "all"`, []string{`line 11: destinations[1].creationName: "all" is a key of Segment's own, no destination`}},
		"a review backwards":   {`"name": "Amplitude"`, `"name": "Amplitude", "reviewed": "2026-03-01", "nextReview": "2026-02-01"`, []string{`line 10: destinations[0].nextReview: is before the last review`}},
		"several": {`{"name": "ads"}`, "{\"name\": 1,\n\"purpse\": \"\"}", []string{
			`line 6: categories[1].name: is a number, not a string`, `line 7: categories[1].purpse: there is no such key`,
		}},
		"known to Compile alone": {`"Amplitude"`, "\"\u00a0\"", []string{`line 9: destinations: destinations: bad Config: an empty name`}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, small, c.old)
			r, err := Load(strings.NewReader(strings.Replace(small, c.old, c.new, 1)))
			require.Nil(t, r)
			require.ErrorIs(t, err, ErrRegister)
			mistakes := Mistakes(err)
			require.Len(t, mistakes, len(c.want), "%v", err)
			require.Equal(t, mistakes, Mistakes(fmt.Errorf("the file: %w", err)))
			for i, want := range c.want {
				require.Contains(t, mistakes[i].Error(), want)
			}
		})
	}
}

func TestLoadIsBounded(t *testing.T) {
	_, err := Load(io.MultiReader(strings.NewReader(small), bytes.NewReader(make([]byte, maxFile))))
	require.ErrorContains(t, err, "larger than 4194304 bytes")

	_, err = Load(strings.NewReader(`{"categories": [` + strings.Repeat("[],", maxNodes) + `[]]}`))
	require.ErrorContains(t, err, "more than 131072 values")

	_, err = Load(strings.NewReader(`{` + strings.Repeat(`"a": 1,`, 5000) + `"b": 1}`))
	mistakes := Mistakes(err)
	require.Len(t, mistakes, maxMistakes+1)
	require.Contains(t, mistakes[maxMistakes].Problem, "more mistakes")
}

func TestAReaderThatFailsIsNoRegister(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := Load(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	require.ErrorIs(t, err, ErrRegister)
}

// Whatever the file holds, Load returns a register whose Config compiles, or mistakes that
// lie within the file.
func FuzzLoad(f *testing.F) {
	data, err := os.ReadFile(sampleFile)
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(small))
	f.Add([]byte(`{"version":1,"destinations":[{"name":"a","name":"b"}],"x":{"y":[1,{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Load(bytes.NewReader(data))
		if err != nil {
			require.Nil(t, r)
			require.ErrorIs(t, err, ErrRegister)
			mistakes := Mistakes(err)
			require.NotEmpty(t, mistakes)
			for _, m := range mistakes {
				require.Positive(t, m.Line)
				require.LessOrEqual(t, m.Line, bytes.Count(data, []byte("\n"))+1)
			}
			return
		}
		p, err := Compile(r.Config())
		require.NoError(t, err)
		require.False(t, p.byVisitor)
		table, err := Tabulate(r.Config(), r.Defaults())
		require.NoError(t, err)
		again, err := ReadTable(strings.NewReader(table.String()))
		require.NoError(t, err)
		require.Equal(t, table.String(), again.String())
		require.Empty(t, table.Wider(again))
	})
}
