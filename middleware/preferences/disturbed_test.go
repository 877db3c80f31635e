package preferences_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware/preferences"
)

// What was denied by name, by category or altogether stays denied until an answer names it. The
// endpoint shows what the cookie says, and the next event is decided accordingly. Visitors answer
// at random, up to twelve times each. Between answers, the companion may be lost or forged, the
// cookie may be damaged, and the script of the page may save another answer.
//
// CONSENT_CASES is the number of answers.
func TestDisturbedSequences(t *testing.T) {
	cases := 5_000
	if n, err := strconv.Atoi(os.Getenv("CONSENT_CASES")); err == nil {
		cases = n
	}
	random := rand.New(rand.NewPCG(3, 9))
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		p := pairs[name]
		if p.byCategory {
			continue // there is nothing to tell apart
		}
		t.Run(name, func(t *testing.T) {
			for given := 0; given < cases/p.share; {
				v := newVisitor(t, random, p)
				for range 1 + random.IntN(12) {
					v.turn()
					given++
				}
			}
		})
	}
}

// The destinations of disturbedConfig, each with all of its names.
var disturbedDestinations = map[string][]string{
	"Amplitude": {"Amplitude", "Actions Amplitude"}, "Heap": {"Heap"}, "Facebook Pixel": {"Facebook Pixel"},
	"Braze": {"Braze", "Braze Web"}, "By Name": {"By Name"}, "Server": {"Server"},
}

func disturbedConfig(random *rand.Rand) destinations.Config {
	coin := func() bool { return random.IntN(2) == 0 }
	c := destinations.Config{
		Categories: map[string][]string{
			"analytics": {"Amplitude", "Heap", "Braze"}, "advertising": {"Facebook Pixel", "Braze"}, "functional": nil,
		},
		Aliases: map[string][]string{"Amplitude": {"Actions Amplitude"}, "Braze": {"Braze Web"}, "By Name": nil},
		Always:  []string{"Webhooks"},
		OptOut:  coin(), Imply: coin(), AllowUnlisted: coin(),
	}
	c.ServerOnly = []string{"Server"}
	if coin() {
		c.ServerOnly = append(c.ServerOnly, "Heap")
	}
	return c
}

// A visitor is a browser that answers, with what is known about its answers.
type visitor struct {
	testing.TB
	random  *rand.Rand
	pair    pair
	config  destinations.Config
	policy  *destinations.Policy
	handler preferences.Handler
	client  *consent.Client
	events  *lastEvent
	jar     map[string]string

	category map[string]bool // denied
	named    map[string]bool // destinations denied by name, or with everything
	unlisted map[string]bool // likewise
	history  []string
}

// A lastEvent is a client of Segment that keeps the last message.
type lastEvent struct{ message analytics.Message }

func (l *lastEvent) Enqueue(m analytics.Message) error { l.message = m; return nil }
func (l *lastEvent) Close() error                      { return nil }

// disturbedPolicies caches compiled policies.
var disturbedPolicies = make(map[string]*destinations.Policy)

func newVisitor(t testing.TB, random *rand.Rand, p pair) *visitor {
	config := disturbedConfig(random)
	key := fmt.Sprint(config.OptOut, config.Imply, config.AllowUnlisted, config.ServerOnly)
	policy, ok := disturbedPolicies[key]
	if !ok {
		policy = destinations.MustCompile(config)
		disturbedPolicies[key] = policy
	}
	v := &visitor{
		TB: t, random: random, pair: p, config: config, policy: policy, events: new(lastEvent), jar: make(map[string]string),
		category: make(map[string]bool), named: make(map[string]bool), unlisted: make(map[string]bool),
	}
	v.client = consent.New(v.events, policy, nil)
	v.handler = preferences.Handler{Codec: p.codec, Policy: policy, Client: v.client}
	if random.IntN(3) > 0 {
		v.handler.Expand = policy.Expand
	}
	if random.IntN(3) == 0 { // a cookie of the script's
		categories := map[string]bool{"analytics": random.IntN(2) == 0, "advertising": random.IntN(2) == 0, "functional": true}
		v.script(categories, map[string]bool{"Hotjar": random.IntN(2) == 0})
	}
	return v
}

// script saves an answer for every category as the Consent Manager does. It counts as a later
// answer that names everything.
func (v *visitor) script(categories, others map[string]bool) {
	s := v.policy.Expand(consent.NewState(categories).WithDestinations(others))
	for _, c := range v.pair.encode(v.TB, s) {
		v.jar[c.Name] = c.Value
	}
	clear(v.named)
	clear(v.unlisted)
	for name, granted := range categories {
		v.category[name] = !granted
	}
	for name, granted := range s.Destinations() {
		if _, listed := v.primary(name); !listed && !granted {
			v.unlisted[name] = true
		} else if listed && !granted && len(v.categoriesOf(name)) == 0 {
			primary, _ := v.primary(name)
			v.named[primary] = true
		}
	}
	v.history = append(v.history, "script "+s.String())
}

func (v *visitor) primary(name string) (string, bool) {
	for primary, all := range disturbedDestinations {
		if slices.Contains(all, name) {
			return primary, true
		}
	}
	return name, name == "Webhooks"
}

func (v *visitor) categoriesOf(name string) (list []string) {
	primary, _ := v.primary(name)
	for category, all := range v.config.Categories {
		if slices.Contains(all, primary) {
			list = append(list, category)
		}
	}
	return list
}

func (v *visitor) request(method, kind, body string) *http.Request {
	r := httptest.NewRequest(method, "https://shop.example.com/preferences", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for name, value := range v.jar {
		r.Header.Add("Cookie", name+"="+value)
	}
	return r
}

// state is what the next request reads.
func (v *visitor) state() consent.State {
	s, _ := v.pair.reader().Consent(v.request("GET", "", ""))
	return s
}

// disturb does what may happen between two answers.
func (v *visitor) disturb() {
	companion := v.pair.cookie + "-denied"
	switch v.random.IntN(30) {
	case 0:
		delete(v.jar, companion)
		v.history = append(v.history, "companion lost")
	case 1:
		v.jar[companion] = []string{"", "x", "0000000000000000.AA", "0.", v.jar[companion] + "A"}[v.random.IntN(5)]
		v.history = append(v.history, "companion forged")
	case 2:
		v.jar[v.pair.cookie] = "{"
		v.history = append(v.history, "cookie damaged")
	case 3:
		v.script(map[string]bool{"analytics": v.random.IntN(2) == 0, "advertising": v.random.IntN(2) == 0, "functional": false}, nil)
	}
}

// turn gives one answer and checks its effect.
func (v *visitor) turn() {
	v.disturb()
	before := v.state()
	kind, body, answer := v.answer(before)
	v.history = append(v.history, kind+" "+body)
	r := v.request("POST", kind, body)
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	if w.Code >= 400 {
		v.Fatalf("%d %s: %q", w.Code, w.Body, v.history)
	}
	for _, c := range w.Result().Cookies() {
		if v.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.jar, c.Name)
		}
	}
	after := v.state()
	v.history = append(v.history, after.String())
	v.remember(before, answer)
	v.checkDenials(after)
	v.checkUnnamed(before, after, answer)
	v.checkTold(w, after)
}

// checkTold compares what the endpoint shows with the cookie and with the next event.
func (v *visitor) checkTold(w *httptest.ResponseRecorder, state consent.State) {
	get := httptest.NewRecorder()
	v.handler.ServeHTTP(get, v.request("GET", "", ""))
	if w.Code == http.StatusOK && w.Body.String() != get.Body.String() {
		v.Fatalf("%s and then %s: %q", w.Body, get.Body, v.history)
	}
	var told struct {
		shown
		Suppressed string
	}
	if err := json.Unmarshal(get.Body.Bytes(), &told); err != nil {
		v.Fatal(err)
	}
	if !told.Decided || !maps.Equal(told.Categories, maps.Collect(state.Categories())) || !maps.Equal(told.Destinations, maps.Collect(state.Destinations())) {
		v.Fatalf("%s is shown for %s: %q", get.Body, state, v.history)
	}
	v.events.message = nil
	if err := v.client.With(state).Enqueue(analytics.Track{AnonymousId: "v", Event: "Order Completed"}); err != nil {
		v.Fatal(err)
	}
	if (v.events.message == nil) != (told.Suppressed != "") {
		v.Fatalf("%v is sent after %s: %q", v.events.message, get.Body, v.history)
	}
	if v.events.message == nil {
		return
	}
	integrations := v.events.message.(analytics.Track).Integrations
	for _, verdict := range told.Verdicts {
		if reached(integrations, verdict.Destination) != verdict.Allowed {
			v.Fatalf("%v leaves with %v: %q", verdict, integrations, v.history)
		}
		// What the script reads.
		if v.handler.Expand != nil && told.Destinations[verdict.Destination] && !verdict.Allowed {
			v.Fatalf("%v is true in the cookie: %q", verdict, v.history)
		}
	}
	for name := range v.unlisted {
		if reached(integrations, name) {
			v.Fatalf("%s is reached by %v: %q", name, integrations, v.history)
		}
	}
}

func reached(integrations analytics.Integrations, name string) bool {
	value, ok := integrations[name]
	if !ok {
		value = integrations["All"]
	}
	return value != false
}

func form(fields map[string]string) string {
	values := make(url.Values)
	for name, value := range fields {
		values.Set(name, value)
	}
	return values.Encode()
}
