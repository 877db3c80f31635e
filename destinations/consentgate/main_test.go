package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/destinations"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	sampleRegister = "../testdata/register.json"
	sampleTable    = "../testdata/decisions.txt"
)

var today = time.Date(2026, 11, 25, 15, 0, 0, 0, time.UTC)

// gate runs the command in a directory of its own with the sample in it.
type gate struct {
	t   *testing.T
	dir string
	env map[string]string
}

func newGate(t *testing.T) *gate {
	g := &gate{t: t, dir: t.TempDir(), env: make(map[string]string)}
	g.write("register.json", g.read(sampleRegister))
	g.write("decisions.txt", g.read(sampleTable))
	t.Chdir(g.dir)
	return g
}

func (g *gate) read(file string) string {
	g.t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(g.t, err)
	return string(data)
}

func (g *gate) write(file, text string) {
	g.t.Helper()
	require.NoError(g.t, os.WriteFile(filepath.Join(g.dir, file), []byte(text), 0o666))
}

// change replaces a text in the register.
func (g *gate) change(old, new string) {
	g.t.Helper()
	register := g.read("register.json")
	require.Contains(g.t, register, old)
	g.write("register.json", strings.Replace(register, old, new, 1))
}

func (g *gate) run(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	getenv := func(name string) string { return g.env[name] }
	status = run(g.t.Context(), args, world{&out, &err, getenv, today})
	return status, out.String(), err.String()
}

// cdn serves the documents of a workspace with 30 destinations. The register lacks three of them,
// has one under another name, and one in another category.
func cdn(t *testing.T) string {
	integrations, err := filepath.Abs("testdata/cdn")
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/projects/demo/{document}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(integrations, filepath.Base(r.PathValue("document"))+".json"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// golden compares with a file in testdata.
func golden(t *testing.T, home, file, got string) {
	t.Helper()
	file = filepath.Join(home, "testdata", file)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o666))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// openBraze removes one of the two categories that Braze needs.
func (g *gate) openBraze() {
	g.change("        \"analytics\",\n        \"marketing\"\n", "        \"marketing\"\n")
}

// What a reviewer sees of a change: three destinations are new at Segment, one is renamed,
// one moved, and the change opens one.
func TestCheckAgainstTheCDN(t *testing.T) {
	home, err := os.Getwd()
	require.NoError(t, err)
	url := cdn(t)
	g := newGate(t)
	g.openBraze()
	status, stdout, stderr := g.run("check", "-cdn", "demo", "-cdn-url", url, "-sarif", "findings.sarif")
	require.Equal(t, found, status, stderr)
	require.Empty(t, stderr)
	golden(t, home, "check.txt", stdout)
	golden(t, home, "check.sarif", g.read("findings.sarif"))
	require.Contains(t, stdout, "The register may not pass: 6 findings. (new 3, renamed 1, moved 1, wider 1)")
}

func TestTheSampleMayPass(t *testing.T) {
	g := newGate(t)
	status, stdout, _ := g.run("check")
	require.Equal(t, passed, status, stdout)
	require.Equal(t, "Not compared with what is connected at Segment.\n30 destinations, on 2026-11-25. The register may pass.\n", stdout)

	status, stdout, _ = g.run("check", "-today", "2027-06-16")
	require.Equal(t, found, status)
	require.Contains(t, stdout, "30 findings. (overdue 30)")
}

// A change that opens something needs an approval, and then the table has to be written again.
func TestAnOpeningFromChangeToMerge(t *testing.T) {
	g := newGate(t)
	g.write("main.txt", g.read("decisions.txt"))
	g.openBraze()
	status, stdout, _ := g.run("write")
	require.Equal(t, found, status)
	require.Contains(t, stdout, "The table was not written: it would keep what nobody approved.")
	require.Equal(t, g.read("main.txt"), g.read("decisions.txt"))

	status, _, stderr := g.run("approve")
	require.Equal(t, unknown, status)
	require.Contains(t, stderr, "an approval is that of a person")
	status, stdout, _ = g.run("approve", "-by", "Inès Marchand", "-why", "Messages go by what was bought alone")
	require.Equal(t, passed, status)
	var approvals []map[string]string
	require.NoError(t, json.Unmarshal([]byte(stdout), &approvals))
	require.Len(t, approvals, 1)
	require.Equal(t, "Braze Cloud Mode (Actions)", approvals[0]["destination"])
	approval := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(stdout), "["), "]")
	g.change(`"approvals": [`, `"approvals": [`+approval+",")

	status, stdout, _ = g.run("check", "-base", "main.txt")
	require.Equal(t, found, status)
	require.Contains(t, stdout, "(table 1)")
	status, stdout, _ = g.run("write")
	require.Equal(t, passed, status, stdout)
	require.Contains(t, stdout, "decisions.txt was written.")
	status, stdout, _ = g.run("check", "-base", "main.txt")
	require.Equal(t, passed, status, stdout)
	status, _, _ = g.run("check")
	require.Equal(t, passed, status)
	status, stdout, _ = g.run("write")
	require.Equal(t, passed, status)
	require.Contains(t, stdout, "is up to date")
}

// A table that was edited by hand passes if it is itself the base, but not if the base is the
// table of the main branch.
func TestATableEditedByHand(t *testing.T) {
	g := newGate(t)
	g.write("main.txt", g.read("decisions.txt"))
	g.openBraze()
	register, err := destinations.Load(strings.NewReader(g.read("register.json")))
	require.NoError(t, err)
	edited, err := destinations.Tabulate(register.Config(), register.Defaults())
	require.NoError(t, err)
	edited.Written = today
	g.write("decisions.txt", edited.String())
	status, stdout, _ := g.run("check", "-base", "main.txt")
	require.Equal(t, found, status)
	require.Contains(t, stdout, "(wider 1)")
}

func TestMistakesAreFindingsWithTheirLines(t *testing.T) {
	g := newGate(t)
	g.change(`"owner": "Product Analytics"`, `"ownr": "Product Analytics"`)
	status, stdout, _ := g.run("check", "-sarif", "findings.sarif")
	require.Equal(t, found, status)
	require.Regexp(t, `register\.json:\d+: destinations\[0\]\.ownr: there is no such key`, stdout)
	require.Contains(t, stdout, "1 mistakes: the register cannot be read, and nothing else was checked.")
	require.Contains(t, g.read("findings.sarif"), `"ruleId": "mistake"`)
	for _, command := range [][]string{{"write"}, {"records"}, {"approve", "-by", "x"}} {
		status, _, stderr := g.run(command...)
		require.Equal(t, unknown, status)
		require.Contains(t, stderr, "destinations[0].ownr")
	}
}

func TestWhatCannotBeLookedAtDoesNotPass(t *testing.T) {
	url := cdn(t)
	g := newGate(t)
	g.write("broken.txt", "not a table")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no command":         {nil, "usage: consentgate"},
		"another command":    {[]string{"approved"}, "usage: consentgate"},
		"no such flag":       {[]string{"check", "-strict"}, "flag provided but not defined: -strict"},
		"an argument":        {[]string{"check", "register.json"}, `"register.json" is no flag`},
		"no register":        {[]string{"check", "-register", "none.json"}, "none.json"},
		"no day":             {[]string{"check", "-today", "tomorrow"}, `-today: "tomorrow" is no day`},
		"a broken table":     {[]string{"check", "-table", "broken.txt"}, "broken.txt: destinations: not a table of decisions: line 1"},
		"a broken base":      {[]string{"check", "-base", "broken.txt"}, "broken.txt: destinations: not a table of decisions: line 1"},
		"another key":        {[]string{"check", "-cdn", "other", "-cdn-url", url}, "answered with status 404"},
		"no server":          {[]string{"check", "-cdn", "demo", "-cdn-url", "http://127.0.0.1:1"}, "refused"},
		"no token":           {[]string{"check", "-api", "source"}, "-api needs a token in SEGMENT_API_TOKEN"},
		"two places":         {[]string{"check", "-api", "source", "-cdn", "demo"}, "one of them is enough"},
		"no copy":            {[]string{"check", "-copy", "none.json"}, "none.json"},
		"nothing to save":    {[]string{"save"}, "save needs -cdn or -api"},
		"an empty key":       {[]string{"check", "-cdn", ""}, "-cdn is empty"},
		"an empty source":    {[]string{"check", "-api="}, "-api is empty"},
		"an empty base":      {[]string{"check", "-base", ""}, "-base is empty"},
		"an empty table":     {[]string{"write", "-table", ""}, "-table is empty"},
		"another format":     {[]string{"records", "-format", "pdf"}, `-format: "pdf" is none of`},
		"a SARIF of nowhere": {[]string{"check", "-sarif", "none/findings.sarif"}, "none/findings.sarif"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := g.run(c.args...)
			require.Equal(t, unknown, status)
			require.Contains(t, stderr, c.want)
		})
	}
	status, _, _ := g.run("check", "-help")
	require.Equal(t, passed, status)
}

func TestACopyServesWithoutANetwork(t *testing.T) {
	url := cdn(t)
	g := newGate(t)
	_, fetched, _ := g.run("check", "-cdn", "demo", "-cdn-url", url)
	status, copied, stderr := g.run("save", "-cdn", "demo", "-cdn-url", url)
	require.Equal(t, passed, status, stderr)
	g.write("workspace.json", copied)
	status, stdout, _ := g.run("check", "-copy", "workspace.json")
	require.Equal(t, found, status)
	require.Equal(t, fetched, stdout)
}

func TestTheAPIIsAskedWithTheToken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
		_, _ = w.Write([]byte(`{"data":{"destinations":[{"metadata":{"name":"Heap"}}],"warehouses":[],"pagination":{}}}`))
	}))
	defer server.Close()
	g := newGate(t)
	g.env["SEGMENT_API_TOKEN"] = "secret"
	status, stdout, stderr := g.run("check", "-api", "source", "-api-url", server.URL)
	require.Equal(t, passed, status, stderr)
	require.Contains(t, stdout, "Compared with Segment's Public API, which lists 1 destinations.")
	require.Contains(t, stdout, "Not compared: The Public API knows nothing of consent")
	require.Contains(t, stdout, "warn  vanished: Amplitude (Actions)")
}

func TestRecords(t *testing.T) {
	g := newGate(t)
	for format, want := range map[string]string{
		"html": "<h2>Records of processing activities</h2>", "markdown": "## Records of processing activities",
		"csv": "Activity,Purposes,Controller", "cookies": "Category,Provider,Role,Cookie",
	} {
		status, stdout, stderr := g.run("records", "-format", format)
		require.Equal(t, passed, status, stderr)
		require.Contains(t, stdout, want)
	}
}
