package main

import "github.com/go-consent/segment/destinations"

// policy says which category of the visitor's consent covers which destination.
var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics":   {"Amplitude"},
	"advertising": {"Facebook Pixel"},
}})
