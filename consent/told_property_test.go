package consent_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	documented "github.com/go-consent/segment/internal/segment"
)

// TestToldEqualsWire sends random messages under compiled and custom policies, for answers that
// were carried as text, JSON, gob and columns, with any integrations that an application may
// give. By Segment's documented routing, each verdict that OnDecision is told must be what the
// integrations object on the wire does. No verdict may be wider than the policy, the visitor or
// the application allows.
//
// CONSENT_SEED makes another run of it, CONSENT_CASES a longer one.
func TestToldEqualsWire(t *testing.T) {
	seed, cases := propertyRun(t, 20_000)
	r := rand.New(rand.NewPCG(seed, 1))
	count := map[string]int{}
	var compiled *destinations.Policy
	for done := range cases {
		if done%200 == 0 {
			var err error
			compiled, err = destinations.Compile(randomConfig(r))
			require.NoError(t, err)
		}
		x := newTold(r, compiled)
		x.enqueue(t)
		wrong := x.compare()
		if wrong != "" {
			t.Fatalf("%s\nCONSENT_SEED=%d, case %d\npolicy  %s\nvisitor %v\ncaller  %#v\ntold    %v\nwire    %s",
				wrong, seed, done, x.policyText(), x.state, x.caller, x.verdicts(), x.wire)
		}
		count[string(x.outcome.Result)]++
		if x.outcome.Result == consent.Accepted && len(x.caller) > 0 {
			count["narrowed or not by the caller"]++
		}
	}
	t.Log(count)
	for _, result := range []consent.Result{consent.Accepted, consent.Suppressed, consent.Refused} {
		require.NotZero(t, count[string(result)], result)
	}
}

// A told is one message, and what OnDecision was told about it.
type told struct {
	policy   consent.Policy
	original consent.Decision // of the policy
	state    consent.State
	caller   analytics.Integrations
	err      error
	decision consent.Decision
	outcome  consent.Outcome
	wire     []byte // "" if the message stayed
}

func newTold(r *rand.Rand, compiled *destinations.Policy) *told {
	x := &told{policy: compiled, state: carried(r, randomAnswer(r)), caller: hostileIntegrations(r)}
	if r.IntN(2) == 0 {
		x.policy = constant{randomDecision(r)}
	}
	x.original = x.policy.Decide(x.state)
	return x
}

// carried returns the State after a journey, and sometimes with a signal's denials.
func carried(r *rand.Rand, s consent.State) consent.State {
	if r.IntN(8) == 0 {
		s = s.Presume()
	}
	if r.IntN(6) == 0 {
		s = s.Restrict(randomAnswer(r).Denials())
	}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var arrived consent.State
	switch r.IntN(5) {
	case 0:
		text, err := s.MarshalText()
		must(err)
		must(arrived.UnmarshalText(text))
	case 1:
		b, err := json.Marshal(map[string]any{"consent": s})
		must(err)
		var job struct{ Consent consent.State }
		must(json.Unmarshal(b, &job))
		arrived = job.Consent
	case 2:
		var b bytes.Buffer
		must(gob.NewEncoder(&b).Encode(struct{ S consent.State }{s}))
		var job struct{ S consent.State }
		must(gob.NewDecoder(&b).Decode(&job))
		arrived = job.S
	case 3:
		column, err := s.Value()
		must(err)
		must(arrived.Scan(column))
	default:
		ctx, err := consent.WithText(context.Background(), consent.Text(consent.NewContext(context.Background(), s)))
		must(err)
		arrived = consent.FromContext(ctx)
	}
	return arrived
}

var ownNames = append([]string{"X\xff", "X\ufffd", "Salesforce", "warehouses", "Redshift", "Amplitude ", " ", "All", "segment.io", ""}, destinationNames...)

func randomDecision(r *rand.Rand) consent.Decision {
	var list []consent.Verdict
	for _, name := range some(r, ownNames, 3) {
		v := consent.Verdict{Destination: name, Allowed: r.IntN(3) != 0, Reason: "own"}
		if r.IntN(3) == 0 {
			v.AliasOf = ownNames[r.IntN(len(ownNames))]
		}
		list = append(list, v)
	}
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return consent.NewDecision(map[string]bool{"analytics": r.IntN(2) == 0}, list, r.IntN(2) == 0)
}

func hostileIntegrations(r *rand.Rand) analytics.Integrations {
	if r.IntN(4) == 0 {
		return nil
	}
	no, yes := false, true
	values := []any{
		false, true, nil, 0, "false", &no, &yes, boolean(false), json.RawMessage("false"), json.RawMessage(" false "), writes("false"),
		writes("true"), map[string]any{"all": false}, map[string]any{"all": &no}, json.RawMessage(`{"all": false}`), map[string]any{"session_id": 1},
		struct {
			All bool `json:"all"`
		}{}, []any{false},
	}
	if r.IntN(30) == 0 {
		values = append(values, panics{}, fails{}, make(chan int))
	}
	m := analytics.Integrations{}
	names := append([]string{"ALL", "all", " All ", "providers", "Segment.io", "WAREHOUSES", "snow flake", "amplitude", "amazon s3", "Other", "Y\xff", "Y\xfe"}, ownNames...)
	for _, name := range some(r, names, 2+r.IntN(10)) {
		m[name] = values[r.IntN(len(values))]
	}
	return m
}

func (x *told) enqueue(t *testing.T) {
	var next capture
	o := &consent.Options{
		OnDecision: func(_ analytics.Message, d consent.Decision) { x.decision = d },
		OnOutcome:  func(_ analytics.Message, o consent.Outcome) { x.outcome = o },
	}
	x.err = consent.New(&next, x.policy, o).With(x.state).
		Enqueue(analytics.Track{UserId: "u", Event: "e", Integrations: x.caller})
	if len(next.sent) > 0 {
		b, err := json.Marshal(next.sent[0])
		require.NoError(t, err)
		x.wire = b
	}
}

// folded is a second implementation of how names are compared.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToUpper(strings.ToLower(strings.ReplaceAll(name, "\u212a", "k"))))
}

// wireName is a name as it appears in JSON.
func wireName(name string) string {
	b, _ := json.Marshal(name)
	var s string
	_ = json.Unmarshal(b, &s)
	return s
}

// compare returns what is wrong, or "".
func (x *told) compare() string {
	switch {
	case x.outcome.Result == consent.Refused:
		if x.err == nil || len(x.wire) > 0 {
			return "refused, and no error or sent"
		}
		return ""
	case x.err != nil:
		return fmt.Sprint("an error and no refusal: ", x.err)
	case x.outcome.Result == consent.Suppressed:
		if len(x.wire) > 0 || x.outcome.Reason == "" {
			return "suppressed, and sent or without a reason"
		}
		return ""
	case len(x.wire) == 0:
		return "lost"
	}
	var e documented.Event
	if err := json.Unmarshal(x.wire, &e); err != nil {
		return err.Error()
	}
	destinations := make(map[string]documented.Destination)
	for v := range x.decision.Verdicts() {
		destinations[v.Destination] = x.destination(v.Destination)
	}
	for v := range x.decision.Verdicts() {
		d := destinations[v.Destination]
		selected, _ := d.Selected(e.Integrations)
		switch {
		case selected != v.Allowed:
			return fmt.Sprintf("%q is told %t and is %t", v.Destination, v.Allowed, selected)
		case v.Allowed && x.deniedByVisitor(d) && v.Reason != consent.ReasonAlways && v.Reason != consent.ReasonNecessary && !x.own():
			return fmt.Sprintf("%q is open, and the visitor denied it", v.Destination)
		case v.Allowed && !x.original.Allows(v.Destination):
			return fmt.Sprintf("%q is wider than the policy", v.Destination)
		case v.Allowed && !x.cannotClose(d) && x.closedByCaller(d):
			return fmt.Sprintf("%q is open, and the application closed it", v.Destination)
		}
	}
	if selected, _ := documented.Named("nobody's").Selected(e.Integrations); selected != x.decision.Unlisted() {
		return fmt.Sprintf("unlisted destinations are told %t and are %t", x.decision.Unlisted(), selected)
	}
	for name := range e.Integrations {
		if _, listed := destinations[name]; listed || documented.Reserved(name) {
			continue
		}
		if d := documented.Named(name); !d.Storage && !d.Warehouse {
			if selected, _ := d.Selected(e.Integrations); selected != x.decision.Allows(name) && strings.TrimSpace(name) != "" {
				return fmt.Sprintf("%q has no verdict, is told %t and is %t", name, x.decision.Allows(name), selected)
			}
		}
	}
	for name := range x.state.Destinations() {
		d := documented.Named(wireName(name))
		if selected, _ := d.Selected(e.Integrations); selected && x.deniedByVisitor(d) && !x.original.Allows(d.Name) && !d.Storage && !d.Warehouse && !documented.Reserved(name) {
			return fmt.Sprintf("%q is denied by the visitor and open", name)
		}
	}
	return ""
}

func (x *told) own() bool {
	_, ok := x.policy.(constant)
	return ok
}

// destination returns what Segment knows under the name, with all names that the
// decision gives it.
func (x *told) destination(name string) documented.Destination {
	primary := map[string]string{}
	for v := range x.decision.Verdicts() {
		primary[v.Destination] = v.Destination
		if v.AliasOf != "" {
			primary[v.Destination] = v.AliasOf
		}
	}
	d := documented.Destination{Name: name}
	for other, p := range primary {
		if p != primary[name] {
			continue
		}
		kind := documented.Named(other)
		d.Storage = d.Storage || kind.Storage
		d.Warehouse = d.Warehouse || kind.Warehouse || folded(other) == "WAREHOUSES"
		if other != name {
			d.Former = append(d.Former, other)
		}
	}
	slices.Sort(d.Former)
	return d
}

// cannotClose reports whether the integrations object cannot close the destination: it is
// storage, or a warehouse where "Warehouses" is another name of storage.
func (x *told) cannotClose(d documented.Destination) bool {
	return d.Storage || d.Warehouse && x.destination("Warehouses").Storage
}

func (x *told) deniedByVisitor(d documented.Destination) bool {
	for name, granted := range x.state.Destinations() {
		if !granted && slices.ContainsFunc(append(d.Former, d.Name), func(n string) bool { return folded(n) == folded(wireName(name)) }) {
			return true
		}
	}
	return false
}

// closedByCaller reports whether the application set one of the names to a value that is false
// on the wire.
func (x *told) closedByCaller(d documented.Destination) bool {
	for key, value := range x.caller {
		b, err := json.Marshal(value)
		if err != nil {
			return false
		}
		for _, name := range append(d.Former, d.Name) {
			if folded(wireName(key)) != folded(name) {
				continue
			}
			var options map[string]any
			if string(b) == "false" || folded(name) == "WAREHOUSES" && json.Unmarshal(b, &options) == nil && options["all"] == false {
				return true
			}
		}
	}
	return false
}

func (x *told) policyText() string {
	return fmt.Sprint(slices.Collect(x.original.Verdicts()), maps.Collect(x.original.Categories()), x.original.Unlisted())
}

func (x *told) verdicts() string {
	return fmt.Sprint(slices.Collect(x.decision.Verdicts()), x.decision.Unlisted())
}
