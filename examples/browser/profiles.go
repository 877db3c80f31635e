package main

import (
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
)

// A profile is one way to set up the Consent Manager and, to match it, the server. Its
// name is the write key as well.
type profile struct {
	Destinations []destination
	// CustomCategories is the option of the Consent Manager, nil for its own three.
	CustomCategories map[string]customCategory
	CookieName       string
	SameSite         http.SameSite
	config           destinations.Config
}

// A destination as Segment's CDN lists it; Category is that of Segment's catalogue.
type destination struct{ Name, Category string }

type customCategory struct {
	Purpose      string   `json:"purpose"`
	Integrations []string `json:"integrations"`
}

// workspace is the configuration at Segment for the profile.
func (p profile) workspace(name string) segmenttest.Workspace {
	w := segmenttest.Workspace{
		WriteKey: name, Categories: p.config.Categories,
		Catalogue: make(map[string]string), Scripts: make(map[string]segmenttest.Script),
	}
	for i, d := range p.Destinations {
		w.Destinations = append(w.Destinations, d.Name)
		w.Catalogue[d.Name] = d.Category
		w.Scripts[d.Name] = segmenttest.Script{
			URL:     fmt.Sprintf("https://cdn.segment.com/destinations/%s/%d.js", name, i),
			Library: library(i),
		}
	}
	return w
}

// library is the global function of the script of a destination.
func library(i int) string { return fmt.Sprintf("destination%d", i) }

// codec writes the cookie in the order of the script, whose three default categories
// are not sorted.
func (p profile) codec() cookie.Codec {
	return cookie.Codec{
		Template: http.Cookie{Name: p.CookieName, SameSite: p.SameSite},
		Order:    []string{"marketingAndAnalytics", "advertising", "functional"},
	}
}

var catalogue = []destination{
	{"Zendesk", "Helpdesk"},
	{"Amplitude", "Analytics"},
	{"HubSpot", "Email"},
	{"Facebook Pixel", "Advertising"},
	{"Google Tag Manager", "Tag Managers"},
	{"Webhooks", "Raw Data"},
	{"Intercom", "Livechat"},
}

var standard = destinations.Config{Categories: map[string][]string{
	"marketingAndAnalytics": {"Amplitude", "HubSpot", "Webhooks"},
	"advertising":           {"Facebook Pixel", "Google Tag Manager"},
	"functional":            {"Intercom", "Zendesk"},
}}

var optOut = destinations.Config{Categories: standard.Categories, OptOut: true}

var profiles = map[string]profile{
	"standard": {Destinations: catalogue, config: standard},
	// The law lets a site track visitors who have not answered.
	"optout": {Destinations: catalogue, config: optOut},
	"strict": {Destinations: catalogue, config: optOut, SameSite: http.SameSiteStrictMode},
	"named":  {Destinations: catalogue, config: standard, CookieName: "my choice;é"},
	// A destination that was connected after visitors answered.
	"grown": {
		Destinations: append([]destination{{"Mixpanel", "Analytics"}}, catalogue...),
		config: destinations.Config{Categories: map[string][]string{
			"marketingAndAnalytics": {"Amplitude", "HubSpot", "Webhooks", "Mixpanel"},
			"advertising":           {"Facebook Pixel", "Google Tag Manager"},
			"functional":            {"Intercom", "Zendesk"},
		}},
	},
	// Custom categories, which overlap.
	"custom": custom(catalogue, map[string][]string{
		"Statistics":    {"Amplitude", "HubSpot", "Webhooks"},
		"Ads & Friends": {"Facebook Pixel", "Google Tag Manager", "Amplitude"},
		"Chat":          {"Intercom", "Zendesk"},
	}),
	// The page on Segment's consent-tools.
	"tools": {
		Destinations: []destination{{"Amplitude", "Analytics"}, {"Facebook Pixel", "Advertising"}, {"HubSpot", "Email"}},
		config: destinations.Config{Categories: map[string][]string{
			"analytics":   {"Amplitude", "HubSpot"},
			"advertising": {"Facebook Pixel", "HubSpot"},
		}},
	},
	"unicode": custom(
		[]destination{{"Größe & Maß", "Analytics"}, {"アナリティクス", "Analytics"}, {"😀", "Advertising"}},
		map[string][]string{"Werbung für Dich": {"😀"}, "解析": {"Größe & Maß", "アナリティクス"}},
	),
}

func custom(list []destination, categories map[string][]string) profile {
	p := profile{
		Destinations:     list,
		CustomCategories: make(map[string]customCategory),
		config:           destinations.Config{Categories: categories},
	}
	for name, members := range categories {
		p.CustomCategories[name] = customCategory{"Because.", members}
	}
	return p
}
