package jetstream_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
)

var killPolicy = destinations.MustCompile(destinations.Config{
	Categories: map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
})

const killedUsers = 20

// TestKill kills a process with SIGKILL at random moments, again and again, while it puts
// messages into a queue on its disk and delivers them to a Segment that fails now and then.
// Users withdraw meanwhile, and their answers are out of reach now and then. In the end every
// message that Enqueue had taken has arrived at Segment under its id, or somebody was told
// that it was suppressed or is a dead letter. Nothing left the process wider than it was
// captured, or than an answer that the same life of the process was given for that message.
//
// CONSENT_KILLS says how often, 10 times unless it is set, and CONSENT_SEED makes another run.
func TestKill(t *testing.T) {
	kills := numberIn(t, "CONSENT_KILLS", 10)
	for name, synced := range map[string]bool{"100 ms": false, "synced": true} {
		t.Run(name, func(t *testing.T) {
			seed := numberIn(t, "CONSENT_SEED", 1)
			t.Logf("CONSENT_SEED=%d", seed)
			p := newKillParent(t, seed, int(kills))
			child := killedChild{Dir: t.TempDir(), Synced: synced, Parent: p.url, Key: p.fake.WriteKey(), Produce: 400}
			for p.life < int(kills) {
				p.life++
				child.Life = p.life
				p.run(child, true)
			}
			p.life++
			child.Life, child.Produce = p.life, 0
			p.run(child, false)
			p.requireAccount()
		})
	}
}

func numberIn(t *testing.T, variable string, otherwise uint64) uint64 {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	return n
}

// A killParent is what outlives the process: Segment, what stands before it, and the answers.
type killParent struct {
	t     *testing.T
	fake  *segmenttest.Segment
	url   string
	kills int
	life  int

	mu       sync.Mutex
	r        *rand.Rand
	answered map[string][]killAnswer    // by message id
	left     map[string]int             // how often a message left, by id
	told     map[string]map[string]bool // by what, and message id
	failures map[string]int             // what Segment was made to do
	wide     []string                   // what left too wide
	empty    string                     // what the last life told
}

// A killAnswer is an answer that was given for a message.
type killAnswer struct {
	life  int
	state consent.State
}

func newKillParent(t *testing.T, seed uint64, kills int) *killParent {
	p := &killParent{
		t: t, kills: kills, r: rand.New(rand.NewPCG(seed, 9)), answered: make(map[string][]killAnswer), left: make(map[string]int),
		told: map[string]map[string]bool{toldTaken: {}, toldSuppressed: {}, toldDead: {}}, failures: make(map[string]int),
	}
	p.fake = segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude", "Facebook Pixel"}})
	mux := http.NewServeMux()
	mux.HandleFunc("/answer", p.answer)
	mux.HandleFunc("/life/{life}/v1/batch", p.batch)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// answer says what counts for a user now: half of them withdraw in the course of the test,
// and some of them only in part.
func (p *killParent) answer(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	life, _ := strconv.Atoi(r.FormValue("life"))
	user, _ := strconv.Atoi(strings.TrimPrefix(r.FormValue("user"), "u"))
	if p.r.IntN(30) == 0 {
		http.Error(w, "out of reach", http.StatusInternalServerError)
		return
	}
	withdrawn := user%2 == 1 && life > p.kills*user/killedUsers
	s := consent.NewState(map[string]bool{"analytics": !withdrawn || user%4 == 1, "advertising": !withdrawn})
	id := strings.TrimPrefix(r.FormValue("anonymous"), "a-")
	p.answered[id] = append(p.answered[id], killAnswer{life, s})
	text, err := s.MarshalText()
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(text)
}

// batch notes what left a life of the process, and passes it on to Segment, which fails now
// and then.
func (p *killParent) batch(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the process was killed in the middle of it
	}
	life, _ := strconv.Atoi(r.PathValue("life"))
	p.note(life, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	to, _ := url.Parse(p.fake.URL())
	(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.URL.Path = "/v1/batch"
		},
		ErrorLog:     log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}).ServeHTTP(w, r)
}

func (p *killParent) note(life int, body []byte) {
	var sent struct {
		Batch []struct {
			MessageID, AnonymousID string
			Integrations           map[string]any
			Context                struct {
				Consent struct{ CategoryPreferences map[string]bool }
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := json.Unmarshal(body, &sent); err != nil {
		p.wide = append(p.wide, "a batch that is no JSON")
		return
	}
	for _, m := range sent.Batch {
		p.left[m.MessageID]++
		if m.AnonymousID != "a-"+m.MessageID {
			p.wide = append(p.wide, m.MessageID+" is of "+m.AnonymousID)
		}
		for destination, category := range map[string]string{"Amplitude": "analytics", "Facebook Pixel": "advertising"} {
			open := m.Integrations["All"] != false || m.Integrations[destination] == true
			consented := m.Context.Consent.CategoryPreferences[category]
			if (open || consented) && !p.may(life, m.MessageID, category) {
				p.wide = append(p.wide, fmt.Sprintf("%s to %s in life %d", m.MessageID, destination, life))
			}
		}
	}
	fault := []segmenttest.Fault{
		{}, {}, {}, {}, {}, {Status: 503}, {Status: 500}, {Status: 429}, {HalfResponse: true}, {Reset: true},
		{Delay: 30 * time.Millisecond}, {Delay: 5 * time.Millisecond, Status: 503},
	}[p.r.IntN(12)]
	p.fake.Script(fault)
	switch {
	case fault.Status != 0:
		p.failures[fmt.Sprint(fault.Status)]++
	case fault.HalfResponse, fault.Reset:
		p.failures["broken off"]++
	}
}

// may reports whether the category was granted when the message was captured, and by an answer
// that this life was given for it.
func (p *killParent) may(life int, id, category string) bool {
	var m killedMessage
	if _, err := fmt.Sscanf(id, "m-%d-%d-%d", &m.Life, &m.Producer, &m.N); err != nil || m.state().Category(category) != consent.Granted {
		return false
	}
	for _, a := range p.answered[id] {
		if a.life == life && a.state.Category(category) == consent.Granted {
			return true
		}
	}
	return false
}

// run runs a life of the process, which ends when it is killed, or by itself.
func (p *killParent) run(c killedChild, kill bool) {
	t := p.t
	text, err := json.Marshal(c)
	require.NoError(t, err)
	child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.timeout=10m")
	child.Env = append(os.Environ(), killedVariable+"="+string(text))
	var stderr bytes.Buffer
	child.Stderr = &stderr
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	open := make(chan struct{})
	read := make(chan struct{})
	var last string
	go func() {
		defer close(read)
		linesOf(stdout, func(line string) {
			what, id, _ := strings.Cut(line, " ")
			switch what {
			case toldOpen:
				close(open)
			case toldEmpty:
				p.empty = id
			default:
				last = line
				p.mu.Lock()
				if told, ok := p.told[what]; ok {
					told[id] = true
				}
				p.mu.Unlock()
			}
		})
	}()
	select {
	case <-open:
	case <-read:
		require.FailNow(t, "the process did not open the queue", "life %d: %s\n%s", c.Life, last, stderr.String())
	case <-time.After(2 * time.Minute):
		require.FailNow(t, "the process did not open the queue in time")
	}
	if kill {
		p.mu.Lock()
		after := time.Duration(p.r.IntN(500)) * time.Millisecond
		p.mu.Unlock()
		select {
		case <-time.After(after):
		case <-read:
		}
		require.NoError(t, child.Process.Kill())
	}
	<-read
	err = child.Wait()
	if !kill {
		require.NoError(t, err, "%s\n%s", last, stderr.String())
		require.NotEmpty(t, p.empty)
	}
}

// requireAccount accounts for every message.
func (p *killParent) requireAccount() {
	t := p.t
	p.mu.Lock()
	defer p.mu.Unlock()
	arrived := make(map[string]bool)
	for _, a := range p.fake.Arrivals() {
		require.False(t, arrived[a.MessageID], "Segment keeps one of each id")
		arrived[a.MessageID] = true
		require.NotZero(t, p.left[a.MessageID])
	}
	require.Empty(t, p.fake.Refusals())
	require.Empty(t, p.wide, "it left wider than it was captured, or than the answer of then")
	var lost []string
	var only struct{ arrived, suppressed, dead, gone, untold int }
	for id := range p.told[toldTaken] {
		switch {
		case arrived[id]:
			only.arrived++
		case p.told[toldSuppressed][id]:
			only.suppressed++
		case p.told[toldDead][id]:
			only.dead++
		default:
			lost = append(lost, id)
		}
	}
	twice := 0
	for id, n := range p.left {
		if n > 1 {
			twice++
		}
		if !p.told[toldTaken][id] {
			only.untold++ // the process was killed between Put and the line
		}
	}
	require.Empty(t, lost, "of %d messages", len(p.told[toldTaken]))
	t.Logf("%d kills; %d messages taken: %d arrived, %d suppressed, %d dead letters, 0 lost. %d left that nobody was told were taken; %d left more than once. "+
		"Segment failed: %v. The last life: %s", p.kills, len(p.told[toldTaken]), only.arrived, only.suppressed, only.dead, only.untold, twice, p.failures, p.empty)
	require.Regexp(t, "^0 are left", p.empty)
	require.NotZero(t, only.suppressed)
	require.NotZero(t, only.dead)
	require.NotZero(t, twice)
	require.NotEmpty(t, p.failures["503"])
}
