package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

const killedVariable = "DURABLE_ARGUMENTS"

// TestMain makes the test binary the program, for a test that kills it.
func TestMain(m *testing.M) {
	if args := os.Getenv(killedVariable); args != "" {
		os.Exit(run(context.Background(), strings.Split(args, "\n"), os.Getenv("WRITE_KEY"), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// A site is a shop in a process of its own, whose events go to a fake Segment in this one.
type shopProcess struct {
	*program
	process *exec.Cmd
	read    chan struct{}
}

// spawn starts the program, and waits until the shop is open.
func spawn(t *testing.T, segment *segmenttest.Segment, dir string, args ...string) *shopProcess {
	t.Helper()
	args = append(args, "-data", filepath.Join(dir, "shop.db"), "-events", filepath.Join(dir, "events"), "-segment", segment.URL(), "-addr", "127.0.0.1:0")
	p := &shopProcess{program: &program{t: t}, process: exec.Command(os.Args[0]), read: make(chan struct{})}
	p.process.Env = append(os.Environ(), killedVariable+"="+strings.Join(args, "\n"), "WRITE_KEY="+segment.WriteKey())
	var stderr bytes.Buffer
	p.process.Stderr = &stderr
	stdout, err := p.process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.process.Start())
	t.Cleanup(p.kill)
	lines := bufio.NewReader(stdout)
	for p.url == "" {
		line, err := lines.ReadString('\n')
		require.NoError(t, err, "%s%s", p.begin, &stderr)
		if _, address, found := strings.Cut(line, "open at "); found {
			p.url = strings.TrimSpace(address)
		}
		p.begin += line
	}
	go func() {
		defer close(p.read)
		_, _ = lines.WriteTo(new(bytes.Buffer))
	}()
	return p
}

// kill kills the process, as kill -9 does.
func (p *shopProcess) kill() {
	_ = p.process.Process.Kill()
	<-p.read
	_ = p.process.Wait()
}

// orders returns where the orders of a user went, by message id, once n of them arrived.
func orders(t *testing.T, segment *segmenttest.Segment, user string, n int) map[string][]string {
	t.Helper()
	var of map[string][]string
	require.Eventually(t, func() bool {
		of = make(map[string][]string)
		for _, a := range segment.Arrivals() {
			var m struct{ Event, UserID string }
			require.NoError(t, json.Unmarshal(a.JSON, &m))
			if m.Event != "Order Completed" || m.UserID != user {
				continue
			}
			of[a.MessageID] = nil
			for _, d := range a.Deliveries {
				if d.Delivered {
					of[a.MessageID] = append(of[a.MessageID], d.Destination)
				}
			}
		}
		return len(of) >= n
	}, 3*time.Minute, 10*time.Millisecond)
	return of
}

func newFake(t *testing.T) *segmenttest.Segment {
	return segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude", "HubSpot", "Intercom", "Webhooks"}})
}

// What is in the queue when the process is killed arrives when it runs again.
func TestEventsArriveAfterAKill(t *testing.T) {
	segment, dir, browser := newFake(t), t.TempDir(), newBrowser(t)
	p := spawn(t, segment, dir, "-deliver-after", "1h")
	require.Contains(t, p.begin, "has 0 events")
	p.post(browser, "/sign-in", signIn("ann"))
	p.post(browser, "/preferences", answer("accept"))
	for range 3 {
		p.post(browser, "/buy", nil)
	}
	require.Contains(t, p.get(browser, "/queue"), "Messages in the queue: ")
	p.kill()
	require.Empty(t, segment.Arrivals())

	spawn(t, segment, dir)
	for _, reached := range orders(t, segment, "ann", 3) {
		require.Equal(t, []string{"Amplitude", "HubSpot", "Intercom", "Webhooks"}, reached)
	}
}

// Who withdraws while events are queued has none of them leave but for what is strictly
// necessary. That holds with an account, and for a device without one, and after a kill, too.
func TestWithdrawnWhileQueued(t *testing.T) {
	for name, signs := range map[string]bool{"account": true, "device": false} {
		t.Run(name, func(t *testing.T) {
			segment, dir := newFake(t), t.TempDir()
			withdraws, stays := newBrowser(t), newBrowser(t)
			user, other := "", ""
			p := spawn(t, segment, dir, "-deliver-after", "1h")
			if signs {
				user, other = "ann", "bob"
				p.post(withdraws, "/sign-in", signIn(user))
				p.post(stays, "/sign-in", signIn(other))
			}
			for _, browser := range []*http.Client{withdraws, stays} {
				p.post(browser, "/preferences", answer("accept"))
				p.post(browser, "/buy", nil)
			}
			p.post(withdraws, "/preferences", answer("deny"))
			p.kill()
			spawn(t, segment, dir)
			var got [][]string
			for _, user := range []string{user, other}[:map[bool]int{true: 2, false: 1}[signs]] {
				for _, reached := range orders(t, segment, user, map[bool]int{true: 1, false: 2}[signs]) {
					got = append(got, reached)
				}
			}
			require.ElementsMatch(t, [][]string{{"Webhooks"}, {"Amplitude", "HubSpot", "Intercom", "Webhooks"}}, got)
			for _, a := range segment.Inbox("Amplitude") {
				require.NotContains(t, string(a.JSON), `"ann"`)
			}
		})
	}
}

// Who has the account erased has no event left in the queue.
func TestErasedWhileQueued(t *testing.T) {
	segment, dir, browser := newFake(t), t.TempDir(), newBrowser(t)
	p := spawn(t, segment, dir, "-deliver-after", "1h")
	p.post(browser, "/sign-in", signIn("ann"))
	p.post(browser, "/preferences", answer("accept"))
	p.post(browser, "/buy", nil)
	p.post(browser, "/erase", nil)
	p.post(browser, "/sign-in", signIn("bob"))
	p.post(browser, "/buy", url.Values{})
	p.kill()
	spawn(t, segment, dir)
	orders(t, segment, "bob", 1)
	for _, a := range segment.Arrivals() {
		require.NotContains(t, string(a.JSON), `"ann"`)
	}
}
