package consenttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/segment"
)

// A beyond compares an event with the decision for an answer.
type beyond struct {
	sent     segment.Sent
	update   bool
	decision consent.Decision

	strayKeys []string // of the context
	claims    map[claim]bool
	message   head
}

// lines returns what the event does that the decision does not allow.
func (b beyond) lines() (lines []string) {
	d, suppressed := consent.AtSegment(b.decision)
	for _, name := range b.names(d) {
		kind := segment.Named(name)
		open, key := kind.Selected(b.sent.Integrations)
		claimed := b.claims[claim{message: b.message, destination: name}]
		if !open || d.Allows(name) || b.update && kind.Storage || claimed {
			continue
		}
		lines = append(lines, fmt.Sprintf("it reached %s (%s), which is %s",
			name, entry(b.sent, key), strings.TrimPrefix(verdict(d, name).String(), name+": ")))
	}
	unnamed := segment.Destination{Name: "?"}
	if open, key := unnamed.Selected(b.sent.Integrations); open && !d.Unlisted() {
		lines = append(lines, fmt.Sprintf("it reached every destination that the policy does not name (%s)", entry(b.sent, key)))
	}
	if b.update || suppressed == consent.SuppressedNothingAllowed && b.claimsAny() {
		suppressed = ""
	} else if suppressed == "" && b.sent.Type == "alias" && denies(d) {
		suppressed = consent.SuppressedAlias
	}
	if suppressed != "" {
		lines = append(lines, fmt.Sprintf("it left, and is to be suppressed: %s", suppressed))
	}
	lines = append(lines, b.stamped(d)...)
	for _, key := range b.strayKeys {
		lines = append(lines, fmt.Sprintf("its context has %q, which Segment may read destinations or consent from", key))
	}
	return lines
}

func (b beyond) claimsAny() bool {
	for c := range b.claims {
		if c.message == b.message && !c.exempt {
			return true
		}
	}
	return false
}

// names returns the names of the destinations to look at.
func (b beyond) names(d consent.Decision) []string {
	all := map[string]bool{segment.Warehouses: true}
	for v := range d.Verdicts() {
		all[v.Destination] = true
	}
	for name := range b.sent.Integrations {
		if !segment.Reserved(name) {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// stamped returns what is wrong with the consent object.
func (b beyond) stamped(d consent.Decision) (lines []string) {
	if !b.sent.Stamped() {
		return []string{"it has no consent object, so that Segment enforces nothing"}
	}
	for name, granted := range d.Categories() {
		if !granted && b.sent.Context.Consent.Categories[name] == true {
			lines = append(lines, fmt.Sprintf("its consent object says that %q is granted, which Segment keeps with the user", name))
		}
	}
	return lines
}

func (b beyond) cure(id string, ids []string) string {
	unnamed := segment.Destination{Name: "?"}
	open, _ := unnamed.Selected(b.sent.Integrations)
	switch {
	case !b.sent.Stamped():
		return "cure: send it with client.For(ctx).Enqueue, give no other client this write key, and let nothing change it afterwards"
	case len(b.strayKeys) > 0:
		return "cure: take that out of the DefaultContext, or of what writes to the context after the consent.Client; " +
			"NewSegment refuses such a DefaultContext"
	case open && !b.decision.Unlisted():
		return "cure: send it with client.For(ctx).Enqueue, and let nothing change the integrations after that: " +
			"a wrapper between the consent.Client and Segment, or a DefaultContext"
	}
	cure := fmt.Sprintf("cure: bind the client to the answer of %s where the message is enqueued: "+
		"client.For(ctx) with the context of their request, or client.With(the answer that was stored); "+
		"if that is done, the client has another policy than the test", id)
	if len(ids) > 1 {
		cure += fmt.Sprintf("; the message is about %s, and each of them has to allow it (consent.Both)", strings.Join(ids, " and "))
	}
	return cure
}

func entry(sent segment.Sent, key string) string {
	if key == "" {
		return "no entry in integrations"
	}
	return fmt.Sprintf("%q: %s", key, text(sent.Integrations[key]))
}

func denies(d consent.Decision) bool {
	for v := range d.Verdicts() {
		if !v.Allowed {
			return true
		}
	}
	for _, granted := range d.Categories() {
		if !granted {
			return true
		}
	}
	return false
}

// strayKeys returns the keys of an event's context, besides the consent object, that Segment
// may read destinations or consent from.
func strayKeys(raw []byte) []string {
	var event struct {
		Context map[string]json.RawMessage `json:"context"`
	}
	if json.Unmarshal(raw, &event) != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(event.Context)), func(key string) bool {
		return key == "consent" || !segment.Contradicts(key)
	})
}
