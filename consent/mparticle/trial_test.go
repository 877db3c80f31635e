package mparticle_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/mparticle"
)

// A trial is one message of one visitor.
type trial struct {
	id       string
	state    consent.State
	own      analytics.Integrations
	message  analytics.Message
	decision consent.Decision // of the policy
	router   mparticle.Router
	who      map[string]string
	err      error // of Enqueue
}

// aka returns all names of a destination.
func (x *trial) aka(name string) []string {
	aka := []string{name}
	for v := range x.decision.Verdicts() {
		if v.AliasOf == name {
			aka = append(aka, v.Destination)
		} else if v.Destination == name && v.AliasOf != "" {
			aka = append(aka, v.AliasOf)
		}
	}
	return aka
}

// closed reports whether the application closes a destination: one of its names or All, in any
// casing.
func (x *trial) closed(name string) bool {
	aka := x.aka(name)
	all, named := false, false
	for key, value := range x.own {
		off := value == false
		if off && slices.ContainsFunc(aka, func(n string) bool { return strings.EqualFold(key, n) }) {
			return true
		}
		all = all || off && strings.EqualFold(key, "All")
		named = named || !off && slices.Contains(aka, key)
	}
	return all && !named
}

// allowed reports whether the policy and the visitor let a destination see the message.
func (x *trial) allowed(name string) bool {
	for v := range x.decision.Verdicts() {
		if v.Destination == name {
			return v.Allowed
		}
	}
	return x.decision.Unlisted() && x.state.Rest() != consent.Denied && x.state.Destination(name) != consent.Denied
}

// consent returns what a batch has to say: every purpose that the policy has, true only if the
// Decision has all of its categories true.
func (x *trial) consent() map[string]map[string]bool {
	granted := maps.Collect(x.decision.Categories())
	out := map[string]map[string]bool{"gdpr": {}}
	for category, ok := range granted {
		purpose, named := x.router.Purposes[category]
		if !named {
			purpose = category
		}
		if purpose = strings.ToLower(strings.TrimSpace(purpose)); purpose == "" {
			continue
		}
		if before, known := out["gdpr"][purpose]; known {
			ok = ok && before
		}
		out["gdpr"][purpose] = ok
	}
	if len(x.router.Sale) > 0 {
		out["ccpa"] = map[string]bool{"data_sale_opt_out": slices.ContainsFunc(x.router.Sale, func(c string) bool { return !granted[c] })}
	}
	return out
}

func (x *trial) check(b wireBatch, profile map[string]map[string]bool, told consent.Decision) string {
	if !maps.Equal(b.UserIdentities, x.who) {
		return "it is in the batch of somebody else"
	}
	if got, want := b.consent(), x.consent(); fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Sprintf("the consent state is %v, and the decision %v", got, want)
	}
	for category, granted := range x.decision.Categories() {
		if x.state.Category(category) == consent.Denied && granted {
			return category + " was denied"
		}
	}
	open := make(map[string]bool) // by any name
	for _, o := range x.router.Outputs {
		if !forwards(o.Purpose, o.NoSale, profile) {
			continue
		}
		if !x.allowed(o.Name) {
			return o.Name + " may not see it and is open"
		}
		if x.closed(o.Name) {
			return o.Name + " was closed by the application and is open"
		}
		for _, name := range x.aka(o.Name) {
			open[name] = true
		}
	}
	for _, o := range x.router.Outputs {
		if told.Allows(o.Name) != open[o.Name] {
			return fmt.Sprintf("%s is told %t and is %t", o.Name, told.Allows(o.Name), open[o.Name])
		}
	}
	return ""
}

// mayStay reports whether nothing is lost when the message stays.
func (x *trial) mayStay() bool {
	switch m := x.message.(type) {
	case analytics.Group, analytics.Alias:
		return x.err == nil || errors.Is(x.err, mparticle.ErrUnsupported)
	case analytics.Track:
		if m.Event == consent.UpdateEvent {
			return x.err == nil
		}
	}
	profile := map[string]map[string]bool{"gdpr": {}, "ccpa": {}}
	for regulation, purposes := range x.consent() {
		profile[regulation] = purposes
	}
	if len(profile["gdpr"])+len(profile["ccpa"]) == 0 {
		return x.err == nil
	}
	useful, harmful := false, false
	for _, o := range x.router.Outputs {
		passes := forwards(o.Purpose, o.NoSale, profile)
		may := x.allowed(o.Name) && !x.closed(o.Name)
		// What is denied in another casing is closed here, where the policy lists neither.
		for v := range x.decision.Verdicts() {
			may = may && (v.Allowed || !strings.EqualFold(v.Destination, o.Name))
		}
		for key, value := range x.own {
			may = may && (value != false || !strings.EqualFold(key, o.Name))
		}
		for name, granted := range x.state.Destinations() {
			may = may && (granted || !strings.EqualFold(name, o.Name))
		}
		useful, harmful = useful || passes && may, harmful || passes && !may
	}
	return x.err == nil && (!useful || harmful)
}
