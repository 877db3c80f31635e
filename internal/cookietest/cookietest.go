// Package cookietest tests the Sources of the packages below cookie against headers that
// the platforms wrote, and against the rules for every Source.
package cookietest

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
)

// A Case is a captured header, and what the visitor answered.
type Case struct {
	Name       string
	Headers    map[string]string
	Decision   string // "given" or "none"
	Categories map[string]bool
	Vendors    map[string]bool
}

// Cases returns the cases in testdata/cases.json.
func Cases(t testing.TB) (cases []Case) {
	t.Helper()
	data, err := os.ReadFile("testdata/cases.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &cases))
	require.NotEmpty(t, cases)
	return cases
}

// ServiceCases returns the cases of a platform whose services stand for categories in its
// Source. The cases have them as vendors.
func ServiceCases(t testing.TB) []Case {
	t.Helper()
	cases := Cases(t)
	for i, c := range cases {
		cases[i].Categories, cases[i].Vendors = c.Vendors, c.Categories
	}
	return cases
}

// AddSeeds adds the value of the first cookie of each case.
func AddSeeds(f *testing.F) {
	f.Helper()
	for _, c := range Cases(f) {
		cookie, _, _ := strings.Cut(c.Headers["Cookie"], ";")
		_, value, _ := strings.Cut(cookie, "=")
		f.Add(value)
	}
}

func (c Case) header() http.Header {
	h := make(http.Header)
	for name, value := range c.Headers {
		h.Set(name, value)
	}
	return h
}

// OwnNames maps every vendor of the case to a destination of the same name.
func (c Case) OwnNames() map[string]string {
	names := make(map[string]string)
	for id := range c.Vendors {
		names[id] = id
	}
	return names
}

// A Difference is a case that is deliberately read more strictly than it says.
type Difference struct {
	Why   string
	State consent.State
	Err   error
}

// Compare reads every case with a Source for it. Each must read as its case says, unless
// it is among the differences.
func Compare(t *testing.T, cases []Case, source func(Case) conformance.Source, differences map[string]Difference) {
	t.Helper()
	seen := 0
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			s, err := source(c).Consent(&http.Request{Header: c.header()})
			if d, ok := differences[c.Name]; ok {
				require.NotEmpty(t, d.Why)
				require.ErrorIs(t, err, d.Err)
				require.Equal(t, d.State, s)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.Decision == "given", s.Answered())
			if c.Decision == "none" {
				require.Equal(t, consent.NewState(nil), s)
				return
			}
			require.Equal(t, c.Categories, maps.Collect(s.Categories()))
			require.Equal(t, c.Vendors, maps.Collect(s.Destinations()))
		})
		if _, ok := differences[c.Name]; ok {
			seen++
		}
	}
	require.Len(t, differences, seen, "a difference without a case")
}

// Conform tests a Source against the rules for every Source. The answers are the named
// cases, as the Source reads them; Compare checks that it reads them right. The malformed
// are Cookie headers.
func Conform(t *testing.T, source conformance.Source, cases []Case, answers, malformed []string) {
	t.Helper()
	var examples conformance.SourceExamples
	for _, name := range answers {
		for _, c := range cases {
			if c.Name == name {
				s, err := source.Consent(&http.Request{Header: c.header()})
				require.NoError(t, err)
				require.True(t, s.Answered())
				examples.Answers = append(examples.Answers, conformance.SourceAnswer{Header: c.header(), State: s})
			}
		}
	}
	require.Len(t, examples.Answers, len(answers))
	for _, header := range malformed {
		examples.Malformed = append(examples.Malformed, http.Header{"Cookie": {header}})
	}
	conformance.TestSource(t, func() conformance.Source { return source }, examples)
}
