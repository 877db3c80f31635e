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

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

var sequenceConfig = destinations.Config{
	Categories: map[string][]string{
		"advertising": {"Facebook Pixel", "Braze", "Criteo"},
		"analytics":   {"Amplitude", "Braze"},
		"functional":  nil,
	},
	Always:     []string{"Webhooks"},
	Aliases:    map[string][]string{"Amplitude": {"Actions Amplitude"}, "By Name": {"Other Name"}},
	ServerOnly: []string{"Criteo", "By Name"},
}

var categoriesOf = map[string][]string{
	"Facebook Pixel": {"advertising"}, "Braze": {"advertising", "analytics"}, "Criteo": {"advertising"},
	"Amplitude": {"analytics"}, "By Name": nil,
}

var primaryNames = map[string]string{"Actions Amplitude": "Amplitude", "Other Name": "By Name"}

// A visit is a browser that answers, with what must be true after its answers.
type visit struct {
	*bench
	pair       pair
	policy     *destinations.Policy
	site       string            // the Config, for messages
	jar        map[string]string // name to value
	denied     map[string]bool   // destinations denied by name since they were last named
	categories map[string]bool   // the last answer for each
	log        []string
}

// What was denied by name, by category or altogether stays denied until an answer names it. The
// endpoint shows what the cookie says, and the next event is decided accordingly.
//
// CONSENT_CASES is the number of answers.
func TestSequencesOfAnswers(t *testing.T) {
	cases := 20_000
	if n, err := strconv.Atoi(os.Getenv("CONSENT_CASES")); err == nil {
		cases = n
	}
	seed := uint64(cases)
	r := rand.New(rand.NewPCG(seed, 7))
	taken := 0
	policies, configs := sequencePolicies()
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		p := pairs[name]
		t.Run(name, func(t *testing.T) {
			taken = 0
			for taken < cases/p.share {
				i := r.IntN(len(policies))
				v := newVisit(t, r, p, policies[i], configs[i])
				if v.Check() != nil {
					require.True(t, p.byCategory && strings.Contains(configs[i], "OptOut:true"))
					continue // a category denies nothing that is in none
				}
				for range 1 + r.IntN(12) {
					v.answer(t, r)
					taken++
				}
			}
		})
	}
}

// sequencePolicies returns policies of every kind, with their Configs.
func sequencePolicies() (policies []*destinations.Policy, configs []string) {
	for i := range 16 {
		c := sequenceConfig
		c.OptOut, c.Imply, c.AllowUnlisted = i&1 > 0, i&2 > 0, i&4 > 0
		if i&8 > 0 {
			c.ServerOnly = nil
		}
		policies = append(policies, destinations.MustCompile(c))
		configs = append(configs, fmt.Sprintf("%+v", c))
	}
	return policies, configs
}

func newVisit(t *testing.T, r *rand.Rand, p pair, policy *destinations.Policy, config string) *visit {
	v := &visit{bench: newBench(), pair: p, policy: policy, jar: make(map[string]string)}
	v.Policy, v.Expand, v.Codec = v.policy, nil, p.codec
	expand := r.IntN(3) > 0
	if expand {
		v.Expand = v.policy.Expand
	}
	v.Client = consent.New(&v.segment, v.policy, nil)
	v.site = fmt.Sprintf("%s, expand %t", config, expand)
	v.denied, v.categories = make(map[string]bool), make(map[string]bool)
	switch r.IntN(6) {
	case 0: // a cookie of the script, with whatever in it
		for _, c := range p.encode(t, v.scripted(r)) {
			v.jar[c.Name] = c.Value
		}
	case 1:
		if _, err := p.reader().Consent(&http.Request{Header: http.Header{"Cookie": {p.cookie + "=unreadable"}}}); err == nil {
			break // a list of another name, or no answer
		}
		v.jar[p.cookie] = "unreadable"
		v.log = append(v.log, "unreadable")
		for name := range sequenceConfig.Categories {
			v.categories[name] = false
		}
		v.denied["By Name"] = !p.byCategory
	}
	return v
}

// scripted returns what the script might have saved, and notes what it denies.
func (v *visit) scripted(r *rand.Rand) consent.State {
	categories, byName := pick(r, []string{"advertising", "analytics", "functional"}, 2), pick(r, destinationNames, 2)
	byName["Planted"] = r.IntN(2) == 0
	s := consent.NewState(categories).WithDestinations(byName)
	if v.pair.byCategory {
		categories["advertising"] = false
		s, byName = consent.NewState(categories), nil
	}
	v.log = append(v.log, "script: "+s.String())
	v.note(categories, byName, false)
	return s
}

var destinationNames = []string{"Facebook Pixel", "Braze", "Criteo", "Amplitude", "Actions Amplitude", "By Name", "Other Name", "Webhooks"}

func pick(r *rand.Rand, names []string, oneIn int) m {
	picked := make(m)
	for _, name := range names {
		if r.IntN(oneIn) == 0 {
			picked[name] = r.IntN(2) == 0
		}
	}
	return picked
}

// note records what an answer denies, or names.
func (v *visit) note(categories, byName m, everything bool) {
	maps.Copy(v.categories, categories)
	if everything {
		for name := range v.denied {
			if len(categoriesOf[name]) > 0 && v.grantsAll(name) {
				delete(v.denied, name)
			}
		}
	}
	for name, granted := range byName {
		primary := name
		if p, ok := primaryNames[name]; ok {
			primary = p
		}
		if granted {
			delete(v.denied, primary)
		}
	}
	for name, granted := range byName {
		primary := name
		if p, ok := primaryNames[name]; ok {
			primary = p
		}
		if !granted {
			v.denied[primary] = true
		}
	}
}

func (v *visit) grantsAll(destination string) bool {
	for _, category := range categoriesOf[destination] {
		if !v.categories[category] {
			return false
		}
	}
	return true
}

// answer gives a random answer, and checks its effect.
func (v *visit) answer(t *testing.T, r *rand.Rand) {
	t.Helper()
	before, _ := v.state()
	q := v.next(r)
	v.log = append(v.log, q.method+" "+q.body)
	q.cookies = v.cookies()
	w := v.do(q)
	if w.Code >= 400 {
		v.fail(t, "%d %s", w.Code, w.Body)
	}
	v.store(w)
	after, err := v.state()
	if err != nil {
		v.fail(t, "%v", err)
	}
	if q.method == "DELETE" {
		if after != consent.NewState(nil) {
			v.fail(t, "not forgotten: %s", after)
		}
		return
	}
	d := v.policy.Decide(after)
	for name, isDenied := range v.denied {
		opened := after.Destination(name) == consent.Granted && before.Destination(name) != consent.Granted // in the script's eyes
		if isDenied && name != "Webhooks" && (d.Allows(name) || opened) {
			v.fail(t, "%s was denied by name, but is allowed: %s, before %s", name, after, before)
		}
	}
	for name, granted := range v.categories {
		if after.Category(name) == consent.Granted != granted {
			v.fail(t, "%s is %s: %s", name, after.Category(name), after)
		}
		for destination, categories := range categoriesOf {
			if !granted && slices.Contains(categories, name) && (d.Allows(destination) || after.Destination(destination) == consent.Granted && v.Expand != nil) {
				v.fail(t, "%s is allowed although %s is denied: %s", destination, name, after)
			}
		}
	}
	v.checkShown(t, w, after, d)
	v.checkWire(t, after, d)
}

// next returns a random answer, and records it.
func (v *visit) next(r *rand.Rand) request {
	categories := pick(r, []string{"advertising", "analytics", "functional"}, 3)
	byName := pick(r, destinationNames, 6)
	if v.pair.byCategory {
		byName = make(m)
	}
	switch r.IntN(12) {
	case 0:
		v.denied, v.categories = make(map[string]bool), make(map[string]bool)
		return request{method: "DELETE"}
	case 1, 2:
		preset := []string{"accept", "deny"}[r.IntN(2)]
		for name := range sequenceConfig.Categories {
			categories[name] = preset == "accept"
		}
		v.note(categories, nil, true)
		return request{method: "POST", body: "answer=" + preset, form: true}
	case 3, 4:
		form := url.Values{"answer": {"save"}}
		whole := m{"advertising": false, "analytics": false, "functional": false}
		for name, granted := range categories {
			whole[name] = granted
			form.Set("category."+name, strconv.FormatBool(granted))
		}
		for name, granted := range byName {
			form.Set("destination."+name, strconv.FormatBool(granted))
		}
		v.note(whole, byName, true)
		return request{method: "POST", body: form.Encode(), form: true}
	}
	if len(categories)+len(byName) == 0 {
		categories["analytics"] = true
	}
	v.note(categories, byName, len(categories) == len(sequenceConfig.Categories))
	body, _ := json.Marshal(map[string]m{"categories": categories, "destinations": byName})
	return request{method: []string{"POST", "PUT"}[r.IntN(2)], body: string(body)}
}

func (v *visit) state() (consent.State, error) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", v.cookies())
	return v.pair.reader().Consent(r)
}

func (v *visit) cookies() string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(v.jar)) {
		pairs = append(pairs, name+"="+v.jar[name])
	}
	return strings.Join(pairs, "; ")
}

func (v *visit) fail(t *testing.T, format string, args ...any) {
	t.Helper()
	require.FailNow(t, fmt.Sprintf(format, args...), "%s\n%s", v.site, strings.Join(v.log, "\n"))
}
