// Package trial sums up what enforcement would do, before it is switched on.
//
// A [Trial] observes every message of a client that sends them unchanged
// ([consent.Options.DangerouslySendUnchanged]), and counts by destination, reason and event what
// would be lost. Its [Report] is a page for a privacy reviewer, a text for a terminal, and JSON
// that can be merged across processes:
//
//	t := trial.New(policy, "Amplitude", "Facebook Pixel", "Snowflake", "Amazon S3")
//	client, err := consent.NewSegment(key, config, policy, &consent.Options{
//		DangerouslySendUnchanged: t.Observe,
//	})
//	internalMux.Handle("GET /consent-trial", t)
package trial

import (
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
	"github.com/go-consent/segment/internal/segment"
)

// A Trial counts messages. It may be used by many goroutines at once. It holds the types of
// messages and the names of tracks, pages and screens, of destinations, categories and reasons,
// but no other data of a message: no ids, properties or traits. So do not put an id into the name
// of an event. Names that occur only in visitors' own lists of destinations are counted together.
//
// Memory is bounded to about 10 MB, whatever arrives: beyond 200 events, 500 destinations and 50
// reasons per destination, the rest is counted together.
type Trial struct {
	targets []target
	policy  map[string]bool // the names that the policy has
	now     func() time.Time

	mu   sync.Mutex
	sums *sums
}

// A target is a destination, or several with the same result.
type target struct {
	name        string
	destination segment.Destination // with every name of it
	listed      bool                // in the policy
	absent      bool                // not among the destinations of the workspace
}

// These stand for the destinations that nobody listed.
const (
	anyWarehouse = "any warehouse"
	anyStorage   = "Amazon S3, data lakes, profiles"
	anyOther     = "any other destination"
)

// New returns a Trial of the client's policy. The workspace is the list of destinations,
// warehouses and storage that are connected to the source at Segment, by their names in its
// catalogue. Those missing from the policy are then counted by name, and those of the policy that
// are missing from the workspace are listed as absent. Without a list, warehouses, storage and
// all other destinations are counted as one each.
func New(policy consent.Policy, workspace ...string) *Trial {
	t := &Trial{policy: make(map[string]bool), now: time.Now, sums: newSums()}
	connected := make(map[string]bool)
	for _, name := range workspace {
		connected[name] = true
	}
	names := make(map[string][]string) // by primary name
	var order []string
	for v := range decide(policy).Verdicts() {
		primary := v.Destination
		if v.AliasOf != "" {
			primary = v.AliasOf
		}
		if names[primary] == nil {
			order = append(order, primary)
		}
		names[primary] = append(names[primary], v.Destination)
		t.policy[v.Destination] = true
	}
	for _, primary := range order {
		added := target{name: primary, destination: segment.Named(primary), listed: true, absent: len(workspace) > 0}
		for _, name := range names[primary] {
			kind := segment.Named(name)
			added.destination.Storage = added.destination.Storage || kind.Storage
			added.destination.Warehouse = added.destination.Warehouse || kind.Warehouse
			added.absent = added.absent && !connected[name]
			if name != primary {
				added.destination.Former = append(added.destination.Former, name)
			}
		}
		if primary == segment.Warehouses {
			added.absent = false // no destination's name, but of all that are warehouses
		}
		t.targets = append(t.targets, added)
	}
	for _, name := range workspace {
		if connected[name] && !t.policy[name] {
			t.targets = append(t.targets, target{name: name, destination: segment.Named(name)})
		}
		delete(connected, name) // once
	}
	if len(workspace) == 0 {
		if !t.policy[segment.Warehouses] {
			t.targets = append(t.targets, target{name: anyWarehouse, destination: segment.Named(segment.Warehouses)})
		}
		t.targets = append(t.targets,
			target{name: anyStorage, destination: segment.Destination{Name: anyStorage, Storage: true}},
			target{name: anyOther, destination: segment.Destination{Name: anyOther}},
		)
	}
	return t
}

// decide returns the decision for an unknown visitor, which has the names of the policy.
func decide(policy consent.Policy) (d consent.Decision) {
	if policy == nil {
		return d
	}
	defer func() { _ = recover() }() // such as for a nil pointer in the interface: a client then denies everything
	return policy.Decide(consent.All(consent.Denied))
}

// Observe counts a message. It is for [consent.Options.DangerouslySendUnchanged].
func (t *Trial) Observe(m analytics.Message, would consent.Decision, suppressed consent.Reason) {
	opened, ok := delivery.Open(m)
	if !ok {
		return
	}
	e := eventOf(opened)
	verdicts := make(map[string]consent.Verdict)
	for v := range would.Verdicts() {
		verdicts[v.Destination] = v
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sums.seen(now, now)
	t.sums.event(e, 1, suppressed != "")
	for claim := range claims(would) {
		t.sums.claim(claim, 1)
	}
	for _, target := range t.targets {
		d := t.sums.destination(target)
		if reached, _ := target.destination.Selected(*opened.Integrations); d == nil || target.absent || !reached {
			continue // the application closes it today, or there is none
		}
		d.messages++
		if why, lost := t.loss(target, would, verdicts, suppressed); lost {
			t.sums.lose(d, why, e, 1)
		}
	}
}

// claims returns what the application claims about the message, each once, besides the visitor's
// answers: see [consent.Client.Exempt] and [consent.Client.Necessary].
func claims(d consent.Decision) map[reason]bool {
	var all map[reason]bool
	for v := range d.Verdicts() {
		if v.Reason == consent.ReasonExempt || v.Reason == consent.ReasonNecessary {
			if all == nil {
				all = make(map[reason]bool)
			}
			all[reason{v.Reason, v.Cause}] = true
		}
	}
	return all
}

func eventOf(m *delivery.Message) event {
	e := event{kind: m.Kind().Name}
	switch {
	case m.Event != nil:
		e.name = *m.Event
	case m.Name != nil:
		e.name = *m.Name
	}
	return e
}

// loss returns why a message would not reach the target, or false if it would.
func (t *Trial) loss(target target, d consent.Decision, verdicts map[string]consent.Verdict, suppressed consent.Reason) (reason, bool) {
	v, decided := verdicts[target.destination.Name]
	if !decided && target.destination.Warehouse {
		v, decided = verdicts[segment.Warehouses]
	}
	storage := target.destination.Storage && !target.listed // not in the policy, and nothing can close it
	switch {
	case decided && !v.Allowed:
		return reason{v.Reason, t.cause(v, d)}, true
	case !decided && !storage && !d.Unlisted() && len(verdicts) > 0:
		return reason{why: consent.ReasonNotListed}, true
	case suppressed != "":
		return reason{suppressed, t.unstoppable(suppressed, d)}, true
	default:
		return reason{}, false
	}
}

// cause returns the Cause of a verdict, if it is a name of the policy: a visitor's own names may
// be anything.
func (t *Trial) cause(v consent.Verdict, d consent.Decision) string {
	if t.policy[v.Cause] {
		return v.Cause
	}
	for category := range d.Categories() {
		if category == v.Cause {
			return v.Cause
		}
	}
	return ""
}

// unstoppable returns the denied destination for which a message is suppressed.
func (t *Trial) unstoppable(suppressed consent.Reason, d consent.Decision) string {
	if suppressed != consent.SuppressedUnstoppable {
		return ""
	}
	for v := range d.Verdicts() {
		kind := segment.Named(v.Destination)
		if !v.Allowed && t.policy[v.Destination] && (kind.Storage || kind.Warehouse) {
			return v.Destination
		}
	}
	return ""
}

// Report returns the counts so far.
func (t *Trial) Report() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sums.report()
}

// Take returns the counts so far and resets them: for a report each day.
func (t *Trial) Take() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.sums.report()
	t.sums = newSums()
	return r
}
