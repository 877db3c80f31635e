package explain

import (
	"net/http"
	"slices"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/middleware/regime"
)

// A report is what the page shows.
type report struct {
	Summary      summary       `json:"summary"`
	Basis        basis         `json:"basis"`
	Sources      []voice       `json:"sources"`
	Signals      []voice       `json:"signals"`
	Regime       *law          `json:"regime,omitempty"`
	Outer        *answer       `json:"context,omitempty"` // what the context carried, if that changed the State
	State        answer        `json:"state"`
	Categories   []category    `json:"categories"`
	Destinations []destination `json:"destinations"`
	Unlisted     bool          `json:"unlistedAllowed"`
	Suppressed   string        `json:"suppressed,omitempty"`
	NoAlias      bool          `json:"aliasSuppressed"`
	Warnings     []string      `json:"warnings"`
}

// DefaultCounts reports whether the Default counts.
func (r report) DefaultCounts() bool { return r.Basis == basisDefault }

// Signalled reports whether a Signal denies something.
func (r report) Signalled() bool {
	return slices.ContainsFunc(r.Signals, func(v voice) bool { return v.Says != saysNothing })
}

// A summary is the outcome in numbers.
type summary struct {
	Allowed int `json:"allowed"`
	Denied  int `json:"denied"`
}

// All is how many destinations the policy has.
func (s summary) All() int { return s.Allowed + s.Denied }

// A law is what the regime requires.
type law struct {
	Place       string `json:"place"`
	Name        string `json:"name,omitempty"`
	Functional  string `json:"functional"`
	Statistics  string `json:"statistics"`
	Advertising string `json:"advertising"`
	Law         string `json:"law,omitempty"`
	Source      string `json:"source,omitempty"`
	AsOf        string `json:"asOf,omitempty"`
}

// A category is one of the policy, or one that only the State has.
type category struct {
	Name    string `json:"name"`
	Answer  string `json:"answer"`         // a choice, or "presumed"
	Rule    string `json:"rule,omitempty"` // what the regime requires
	Told    *bool  `json:"told,omitempty"` // in the consent object; nil: the policy does not have it
	Unknown bool   `json:"-"`              // to the policy
}

// A destination is a destination of the policy, or one that the visitor denied.
type destination struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	Allowed bool     `json:"allowed"` // at the router
	Reason  string   `json:"reason"`
	Cause   string   `json:"cause,omitempty"`
	Decided string   `json:"decided,omitempty"` // by the policy, if the router can only do otherwise

	// Unlisted is one that the visitor denied by name, and that the policy does not have.
	Unlisted bool `json:"unlisted,omitempty"`
}

// report explains r.
func (h Handler) report(r *http.Request) report {
	read := h.read(r)
	v := report{Basis: read.basis, Sources: read.sources, Signals: read.signals, Outer: read.outer, State: answerOf(read.state)}

	var decided consent.Decision
	if !nils.Is(h.Policy) {
		decided = h.Policy.Decide(read.state)
	}
	sent, suppressed := consent.AtSegment(decided)
	if h.Client != nil {
		sent, suppressed = h.Client.Decide(read.state)
	}
	v.Suppressed, v.Unlisted = string(suppressed), sent.Unlisted()
	v.Destinations = destinationsOf(decided, sent)
	for _, d := range v.Destinations {
		switch {
		case d.Allowed:
			v.Summary.Allowed++
		case !d.Unlisted:
			v.Summary.Denied++
		}
	}

	var found regime.Regime
	if h.Rules != nil {
		found = h.Rules.Of(r)
		v.Regime = lawOf(found)
	}
	v.Categories = h.categories(read.state, sent, found)
	v.NoAlias = slices.ContainsFunc(v.Destinations, func(d destination) bool { return !d.Allowed }) ||
		slices.ContainsFunc(v.Categories, func(c category) bool { return c.Told != nil && !*c.Told })
	v.Warnings = []string{}
	if h.Warnings != nil {
		v.Warnings = append(v.Warnings, h.Warnings(read.state)...)
	}
	return v
}

func lawOf(r regime.Regime) *law {
	return &law{
		Place: r.Place, Name: r.Name,
		Functional: r.Functional.String(), Statistics: r.Statistics.String(), Advertising: r.Advertising.String(),
		Law: r.Law, Source: r.Source, AsOf: r.AsOf,
	}
}

// categories returns those of the policy, and then those that only the State has.
func (h Handler) categories(s consent.State, sent consent.Decision, found regime.Regime) []category {
	list := []category{}
	add := func(name string, told *bool) {
		c := category{Name: name, Answer: choiceOf(s, name, s.Category(name)), Told: told, Unknown: told == nil}
		if h.Rules != nil {
			c.Rule = h.Rules.Rule(found, name).String()
		}
		list = append(list, c)
	}
	for name, granted := range sent.Categories() {
		add(name, &granted)
	}
	for name := range s.Categories() {
		if !slices.ContainsFunc(list, func(c category) bool { return c.Name == name }) {
			add(name, nil)
		}
	}
	return list
}

// destinationsOf returns the destinations in the order of the policy, with what differs at
// the router.
func destinationsOf(decided, sent consent.Decision) []destination {
	verdicts := make(map[string]consent.Verdict)
	for v := range decided.Verdicts() {
		verdicts[v.Destination] = v
	}
	list := []destination{}
	index := make(map[string]int)
	for v := range sent.Verdicts() {
		if v.AliasOf != "" {
			continue
		}
		d := destination{
			Name: v.Destination, Allowed: v.Allowed, Reason: string(v.Reason), Cause: v.Cause,
			Unlisted: v.Reason == consent.ReasonUnlistedDenied,
		}
		if was, ok := verdicts[v.Destination]; ok && was.Allowed != v.Allowed {
			d.Decided = was.String()
		}
		index[v.Destination] = len(list)
		list = append(list, d)
	}
	for v := range sent.Verdicts() {
		if i, ok := index[v.AliasOf]; ok {
			list[i].Aliases = append(list[i].Aliases, v.Destination)
		}
	}
	return list
}
