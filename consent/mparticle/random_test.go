package mparticle_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/mparticle"
	"github.com/go-consent/segment/destinations"
)

func randomPolicy(r *rand.Rand) consent.Policy {
	c := destinations.Config{
		Categories: make(map[string][]string), Aliases: map[string][]string{},
		OptOut: r.IntN(3) == 0, AllowUnlisted: r.IntN(3) == 0, Imply: r.IntN(2) == 0,
	}
	for _, category := range categories {
		c.Categories[category] = nil
		for _, name := range []string{"Amplitude", "Mixpanel", "Facebook Pixel", "Amazon S3"} {
			if r.IntN(3) == 0 {
				c.Categories[category] = append(c.Categories[category], name)
			}
		}
	}
	if slices.Contains(slices.Concat(slices.Collect(maps.Values(c.Categories))...), "Facebook Pixel") {
		c.Aliases["Facebook Pixel"] = []string{"Meta"}
	}
	if r.IntN(3) > 0 {
		c.Always = []string{"mParticle"}
	}
	return destinations.MustCompile(c)
}

func randomRouter(r *rand.Rand) mparticle.Router {
	x := mparticle.Router{Purposes: map[string]string{}}
	for _, category := range categories {
		if r.IntN(4) == 0 {
			x.Purposes[category] = []string{"", " Marketing ", "marketing", "ANALYTICS"}[r.IntN(4)]
		}
		if r.IntN(4) == 0 {
			x.Sale = append(x.Sale, category)
		}
	}
	var purposes []string
	for _, category := range categories {
		purpose, named := x.Purposes[category]
		if !named {
			purpose = category
		}
		purposes = append(purposes, purpose)
	}
	for i, name := range names {
		if r.IntN(4+2*i) > 1 { // the last ones are rarely listed by the policy
			continue
		}
		o := mparticle.Output{Name: name, NoSale: len(x.Sale) > 0 && r.IntN(3) == 0}
		if name != "mParticle" && r.IntN(5) > 0 {
			o.Purpose = purposes[r.IntN(len(purposes))]
		}
		x.Outputs = append(x.Outputs, o)
	}
	if len(x.Outputs) == 0 {
		x.Outputs = []mparticle.Output{{Name: "mParticle"}}
	}
	return x
}

func randomTrial(r *rand.Rand, id string) *trial {
	x := &trial{id: id}
	answers := make(map[string]bool)
	for _, category := range append([]string{"C0009"}, categories...) {
		if r.IntN(4) > 0 {
			answers[category] = r.IntN(3) > 0
		}
	}
	x.state = consent.NewState(answers)
	switch r.IntN(10) {
	case 0:
		x.state = consent.All(consent.Denied)
	case 1, 2, 3, 4:
		x.state = consent.All(consent.Granted)
	}
	if r.IntN(4) == 0 {
		asked := make(map[string]bool)
		for _, name := range append([]string{"All", "AMPLITUDE"}, names...) {
			if r.IntN(4) == 0 {
				asked[name] = r.IntN(2) == 0
			}
		}
		x.state = x.state.WithDestinations(asked)
	}
	if r.IntN(4) == 0 {
		x.own = make(analytics.Integrations)
		values := []any{true, false, map[string]any{"session": 1}, "false", nil, 0}
		for _, name := range append([]string{"All", "all", "AMPLITUDE"}, names...) {
			if r.IntN(6) == 0 {
				x.own[name] = values[r.IntN(len(values))]
			}
		}
	}
	// A few users send many messages, with one id or with both.
	user, anonymous := fmt.Sprintf("u%d", r.IntN(20)), ""
	if r.IntN(3) == 0 {
		anonymous = fmt.Sprintf("a%d", r.IntN(20))
	}
	if anonymous != "" && r.IntN(2) == 0 {
		user = ""
	}
	x.who = map[string]string{"customer_id": user, "other": anonymous}
	maps.DeleteFunc(x.who, func(_, id string) bool { return id == "" })
	x.message = message(r.IntN(10), id, user, anonymous, x.own)
	return x
}

// message returns a message, whose context has what could contradict the consent.
func message(kind int, id, user, anonymous string, own analytics.Integrations) analytics.Message {
	forged := map[string]any{"gdpr": map[string]bool{"analytics": true, "ads": true}}
	context := &analytics.Context{Extra: map[string]any{
		"mparticleConsentState": forged, "MPARTICLECONSENTSTATE": forged, "consent_state": forged,
	}}
	switch kind {
	case 0:
		return analytics.Identify{MessageId: id, UserId: user, AnonymousId: anonymous, Traits: analytics.Traits{"id": id}, Integrations: own, Context: context}
	case 1:
		return analytics.Page{MessageId: id, UserId: user, AnonymousId: anonymous, Name: "n", Integrations: own}
	case 2:
		return analytics.Screen{MessageId: id, UserId: user, AnonymousId: anonymous, Name: "n", Integrations: own, Context: context}
	case 3:
		return analytics.Group{MessageId: id, UserId: user, AnonymousId: anonymous, GroupId: "g", Integrations: own, Context: context}
	case 4:
		return analytics.Alias{MessageId: id, UserId: "u", PreviousId: "p", Integrations: own}
	case 5:
		return analytics.Track{MessageId: id, UserId: user, AnonymousId: anonymous, Event: consent.UpdateEvent, Integrations: own}
	default:
		return analytics.Track{MessageId: id, UserId: user, AnonymousId: anonymous, Event: "e", Integrations: own, Context: context,
			Properties: analytics.Properties{"n": json.Number("1"), "list": []int{1}}}
	}
}

func idOf(m analytics.Message) string {
	switch m := m.(type) {
	case analytics.Identify:
		return m.MessageId
	case analytics.Page:
		return m.MessageId
	case analytics.Screen:
		return m.MessageId
	case analytics.Group:
		return m.MessageId
	case analytics.Alias:
		return m.MessageId
	case analytics.Track:
		return m.MessageId
	default:
		return ""
	}
}
