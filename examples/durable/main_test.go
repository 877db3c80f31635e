package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program is one run of the shop.
type program struct {
	t     *testing.T
	url   string
	begin string // what it printed before it was open
	stop  func() (rest string)
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, stdout := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() {
		args = append(args, "-addr", "127.0.0.1:0", "-events", filepath.Join(filepath.Dir(args[1]), "events"))
		status <- run(ctx, args, "", stdout, &stderr)
		stdout.Close()
	}()
	p := &program{t: t}
	lines := bufio.NewReader(reader)
	for p.url == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			require.FailNow(t, "the shop did not open", stderr.String())
		}
		if _, address, found := strings.Cut(line, "open at "); found {
			p.url = strings.TrimSpace(address)
		}
		p.begin += line
	}
	rest := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(lines)
		rest <- string(b)
	}()
	p.stop = func() string {
		t.Helper()
		cancel()
		require.Zero(t, <-status)
		require.Empty(t, stderr.String())
		return <-rest
	}
	return p
}

// A browser keeps its cookies from one run to the next.
func newBrowser(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (p *program) post(browser *http.Client, path string, form url.Values) {
	p.t.Helper()
	response, err := browser.PostForm(p.url+path, form)
	require.NoError(p.t, err)
	response.Body.Close()
	require.Equal(p.t, http.StatusSeeOther, response.StatusCode)
}

func (p *program) get(browser *http.Client, path string) string {
	p.t.Helper()
	response, err := browser.Get(p.url + path)
	require.NoError(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, response.StatusCode, string(body))
	return string(body)
}

// reached returns how many destinations get what a request causes.
func (p *program) reached(browser *http.Client, path string) (n int) {
	p.t.Helper()
	p.post(browser, "/reset", nil)
	p.post(browser, path, nil)
	var at struct{ Destinations map[string]int }
	require.NoError(p.t, json.Unmarshal([]byte(p.get(browser, "/deliveries")), &at))
	for _, delivered := range at.Destinations {
		n += min(delivered, 1)
	}
	return n
}

func signIn(name string) url.Values { return url.Values{"name": {name}} }

func answer(button string) url.Values { return url.Values{"answer": {button}, "everywhere": {"on"}} }

func headIn(t *testing.T, printed string) string {
	t.Helper()
	found := regexp.MustCompile(`-head (\d+:[0-9a-f]{64})\n`).FindStringSubmatch(printed)
	require.NotNil(t, found, printed)
	return found[1]
}

func TestAnswersSurviveARestart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "shop.db")
	phone := newBrowser(t)
	p := start(t, "-data", data)
	require.Contains(t, p.begin, "has 0 records")
	require.NotContains(t, p.begin, "-head")
	p.post(phone, "/sign-in", signIn("ann"))
	require.Equal(t, 1, p.reached(phone, "/remind"), "what is strictly necessary")
	p.post(phone, "/preferences", answer("accept"))
	require.Equal(t, 8, p.reached(phone, "/remind"))
	head := headIn(t, p.stop())

	p = start(t, "-data", data, "-head", head)
	require.Contains(t, p.begin, "has 2 records, 0 of them erased; the chain verifies. All of it matches the exported heads.")
	require.Equal(t, head, headIn(t, p.begin))
	require.Equal(t, 1, p.reached(phone, "/buy"), "the session has ended, and with it the account's answer here")
	laptop := newBrowser(t)
	p.post(laptop, "/sign-in", signIn("ann"))
	require.Equal(t, 8, p.reached(laptop, "/buy"))
	require.Equal(t, 8, p.reached(laptop, "/remind"))
	require.Contains(t, p.get(laptop, "/history"), "your account, on every device")
	p.post(laptop, "/preferences", answer("deny"))
	p.stop()

	p = start(t, "-data", data, "-head", head)
	require.Contains(t, p.begin, "matches the exported heads up to record 2")
	p.post(phone, "/sign-in", signIn("ann"))
	require.Equal(t, 1, p.reached(phone, "/buy"))
	require.Equal(t, 1, p.reached(phone, "/remind"))
	p.post(phone, "/erase", nil)
	p.stop()

	p = start(t, "-data", data)
	require.Contains(t, p.begin, "5 of them erased; the chain verifies.")
	p.post(phone, "/sign-in", signIn("ann"))
	require.NotContains(t, p.get(phone, "/history"), "every device")
	p.stop()
}

func TestALedgerThatIsNotThatOfTheHeadIsRefused(t *testing.T) {
	data := filepath.Join(t.TempDir(), "shop.db")
	p := start(t, "-data", data)
	p.post(newBrowser(t), "/preferences", answer("deny"))
	head := headIn(t, p.stop())
	for name, args := range map[string][]string{
		"another hash":   {"-data", data, "-head", "1:" + strings.Repeat("0", 64)},
		"a cut end":      {"-data", data, "-head", "2" + head[1:]},
		"another ledger": {"-data", filepath.Join(t.TempDir(), "empty.db"), "-head", head},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 1, run(t.Context(), args, "", &stdout, &stderr), name)
		require.Contains(t, stderr.String(), "not as it was written", name)
		require.NotContains(t, stdout.String(), "open at", name)
	}
}

func TestRunRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"-head is not":      {"-head", "1"},
		"unexpected":        {"open"},
		"unable to open":    {"-data", filepath.Join(t.TempDir(), "missing", "shop.db")},
		"WRITE_KEY is not":  {"-eu"},
		"not defined: -dat": {"-dat", "shop.db"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 1, run(t.Context(), args, "", &stdout, &stderr), want)
		require.Contains(t, stderr.String(), want)
		require.Empty(t, stdout.String())
	}
}
