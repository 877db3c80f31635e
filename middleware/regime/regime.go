// Package regime says which law applies to a request: what a visitor has to be asked, by
// category, before an event may be sent.
//
// European visitors are asked first, American ones may object, and in the United Kingdom it
// depends on the purpose: statistics may go ahead, advertising may not. [Rules] apply this to
// the categories of one site, and [Rules.Default] is the Default of the middleware, which
// counts until the visitor answers:
//
//	rules := regime.MustCompile(regime.Config{
//		Categories: map[string][]regime.Purpose{
//			"analytics":   {regime.Statistics},
//			"advertising": {regime.Advertising},
//		},
//		Where: regime.CloudFront,
//	})
//	read := middleware.New(middleware.Options{
//		Sources: []middleware.Source{cookie.Codec{}},
//		Signals: []middleware.Signal{middleware.GPC(rules.Categories(regime.Advertising)...)},
//		Default: rules.Default,
//	})
//	http.ListenAndServe(addr, rules.Handler(read(mux)))
//
// Global Privacy Control is a Signal, so it denies its categories in every regime, whatever the
// Default grants. In California some statistics also count as a sale, if their provider may use
// the data for itself; then name those categories as well.
//
// The policy has to be opt-in, since the Default can only grant. [Rules.Check] checks that.
//
// The first answer ends the Default, for all categories. A visitor who objects to advertising
// and says nothing about statistics has granted nothing; if both were presumed before, let the
// form ask about both, with the presumed grants preselected.
//
// # What is not known is opt-in
//
// No header is trusted to say where a visitor is unless [Config.Where] reads it. Without Where,
// for a place that the table does not list, and for a country that is missing, malformed or
// repeated, every purpose is opt-in. So is any category that the Config does not name. If only
// the subdivision is not known, what counts is no laxer than in any that is listed; see
// [Rules.For].
//
// # The table
//
// [Table] lists the countries of ISO 3166-1 and the states of the United States, each with the
// law that its rules follow, the source and the day it was read; table.csv beside this file has
// the same in readable form. If the sources were unclear or none was read, a row is opt-in and
// says so. The table covers laws on cookies and on the sale of personal data, for adults, and
// not laws on health, children or wiretapping. It is not legal advice: have the rows of the
// places that you serve reviewed, and put the outcome into [Config.Overrides].
package regime

import (
	"fmt"
	"log/slog"
)

// A Purpose is what the data of a category is used for, as laws distinguish it.
type Purpose string

const (
	// Functional adds features that the site does not strictly need, such as a chat or a
	// remembered language. What is strictly necessary needs no category.
	Functional Purpose = "functional"
	// Statistics counts how the site is used, to improve it, for the site alone.
	Statistics Purpose = "statistics"
	// Advertising shows the visitor ads elsewhere, measures ads, or passes data on to others
	// for their own use.
	Advertising Purpose = "advertising"
)

// A Rule is what a law requires for a purpose. The zero Rule is OptIn.
type Rule uint8

const (
	OptIn     Rule = iota // nothing before the visitor agrees
	OptOut                // allowed until the visitor objects, who has to be told how
	NotNeeded             // nothing has to be asked; an objection still counts
)

var ruleNames = [...]string{"opt-in", "opt-out", "not needed"}

// String returns "opt-in", "opt-out" or "not needed".
func (r Rule) String() string {
	if int(r) >= len(ruleNames) {
		return fmt.Sprintf("Rule(%d)", uint8(r))
	}
	return ruleNames[r]
}

// MarshalText returns what String does.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// A Regime is what the law requires at one place. The zero Regime, of no known place, is opt-in
// for every purpose.
type Regime struct {
	// Place is an ISO 3166-1 country such as "DE", or an ISO 3166-2 subdivision such as
	// "US-CA"; "" if it is not known.
	Place string

	Name string // of the place, in English

	Functional, Statistics, Advertising Rule

	Law    string // that the rules follow
	Source string // where the law was read
	AsOf   string // the day on which it was read, as 2006-01-02
}

// Rule returns the rule for a purpose: OptIn for any other than the three.
func (r Regime) Rule(p Purpose) Rule {
	switch p {
	case Functional:
		return r.Functional
	case Statistics:
		return r.Statistics
	case Advertising:
		return r.Advertising
	default:
		return OptIn
	}
}

// strictest returns the strictest of the rules for several purposes; without any, OptIn.
func (r Regime) strictest(purposes []Purpose) Rule {
	if len(purposes) == 0 {
		return OptIn
	}
	rule := NotNeeded
	for _, p := range purposes {
		rule = min(rule, r.Rule(p))
	}
	return rule
}

// within returns r with no rule laxer than in other.
func (r Regime) within(other Regime) Regime {
	r.Functional = min(r.Functional, other.Functional)
	r.Statistics = min(r.Statistics, other.Statistics)
	r.Advertising = min(r.Advertising, other.Advertising)
	return r
}

// String returns the place and its rules, such as
//
//	GB: functional opt-in, statistics opt-out, advertising opt-in
func (r Regime) String() string {
	return fmt.Sprintf("%s: functional %v, statistics %v, advertising %v", r.place(), r.Functional, r.Statistics, r.Advertising)
}

// LogValue returns the place, the rules and the day of the regime for package slog. It contains
// no data of the request but the place.
func (r Regime) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("place", r.place()),
		slog.String("functional", r.Functional.String()),
		slog.String("statistics", r.Statistics.String()),
		slog.String("advertising", r.Advertising.String()),
	}
	if r.AsOf != "" {
		attrs = append(attrs, slog.String("as_of", r.AsOf))
	}
	return slog.GroupValue(attrs...)
}

func (r Regime) place() string {
	if r.Place == "" {
		return "unknown"
	}
	return r.Place
}
