package tcf_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/cookie/tcf"
	"github.com/go-consent/segment/internal/iab"
)

// ranges is a set of ids: "1-3 5".
type ranges string

func (r ranges) each(yield func(first, last int) bool) {
	for run := range strings.FieldsSeq(string(r)) {
		from, to, isRange := strings.Cut(run, "-")
		first, _ := strconv.Atoi(from)
		last := first
		if isRange {
			last, _ = strconv.Atoi(to)
		}
		if !yield(first, last) {
			return
		}
	}
}

func (r ranges) set() map[int]bool {
	ids := make(map[int]bool)
	for first, last := range r.each {
		for id := first; id <= last; id++ {
			ids[id] = true
		}
	}
	return ids
}

// encoded is one line: what the IAB's encoder was given, and what it wrote.
type encoded struct {
	TC                                             string
	Created, Updated                               int64
	CMP, CmpVersion, Screen, List, Policy, Customs int
	Country                                        string
	ServiceSpecific, NonStandard, OneTreatment     bool
	Features, Purposes, Interests                  []int
	Listed, Vendors, VendorInterests               ranges
	Disclosed, Allowed                             ranges
	Restrictions                                   map[string]ranges // by purpose and type
	Publisher, PublisherInterests                  []int
	CustomConsents, CustomInterests                []int
	Segments                                       []string
}

// difference returns where s differs from what was encoded, or "".
func (e encoded) difference(s tcf.String) string {
	type fields struct {
		created, updated                      time.Time
		cmp, version, screen, list, policy    int
		country, language                     string
		specific, nonStandard, one, has, both bool
	}
	segment := func(name string) bool { return slices.Contains(e.Segments, name) }
	want := fields{
		time.UnixMilli(e.Created).UTC(), time.UnixMilli(e.Updated).UTC(),
		e.CMP, e.CmpVersion, e.Screen, e.List, e.Policy, e.Country, "EN",
		e.ServiceSpecific, e.NonStandard, e.OneTreatment, segment("vendorsDisclosed"), segment("publisherTC"),
	}
	got := fields{
		s.Created(), s.LastUpdated(), s.CmpID(), s.CmpVersion(), s.ConsentScreen(), s.VendorListVersion(), s.PolicyVersion(),
		s.PublisherCountry(), s.ConsentLanguage(), s.IsServiceSpecific(), s.UseNonStandardTexts(), s.PurposeOneTreatment(),
		s.HasDisclosedVendors(), s.HasPublisherTC(),
	}
	if got != want {
		return fmt.Sprintf("fields are %v, not %v", got, want)
	}
	return firstOf(e.purposes(s), e.vendors(s), e.restrictions(s))
}

func firstOf(differences ...string) string {
	return strings.Join(slices.DeleteFunc(differences, func(d string) bool { return d == "" }), "; ")
}

func (e encoded) purposes(s tcf.String) string {
	publisher := func(ids []int) []int {
		if !s.HasPublisherTC() {
			return nil
		}
		return ids
	}
	return firstOf(
		compare("special features", e.Features, s.SpecialFeature),
		compare("purposes", e.Purposes, s.PurposeConsent),
		compare("interests", e.Interests, s.PurposeLegitimateInterest),
		compare("publisher", publisher(e.Publisher), s.PublisherConsent),
		compare("publisher's interests", publisher(e.PublisherInterests), s.PublisherLegitimateInterest),
		compare("custom", publisher(e.CustomConsents), s.CustomPurposeConsent),
		compare("custom interests", publisher(e.CustomInterests), s.CustomPurposeLegitimateInterest),
	)
}

// compare looks at every id for which the format has room, and at some beyond it.
func compare(what string, want []int, has func(int) bool) string {
	for id := -1; id <= 130; id++ {
		if has(id) != slices.Contains(want, id) {
			return fmt.Sprintf("%s: %d is %v", what, id, has(id))
		}
	}
	return ""
}

func (e encoded) vendors(s tcf.String) string {
	ids := []int{-1, 0, 1, 65534, 65535, 65536, 1 << 40}
	for first, last := range e.Listed.each {
		ids = append(ids, first-1, last+1)
		for id := first; id <= last; id++ {
			ids = append(ids, id)
		}
	}
	if !s.HasDisclosedVendors() {
		e.Disclosed = ""
	}
	if !slices.Contains(e.Segments, "vendorsAllowed") {
		e.Allowed = ""
	}
	set := func(what string, want map[int]bool, has func(int) bool) string {
		for _, id := range ids {
			if has(id) != want[id] {
				return fmt.Sprintf("%s: %d is %v", what, id, has(id))
			}
		}
		return ""
	}
	return firstOf(
		set("vendors", e.Vendors.set(), s.VendorConsent),
		set("vendors' interests", e.VendorInterests.set(), s.VendorLegitimateInterest),
		set("disclosed", e.Disclosed.set(), s.VendorDisclosed),
		set("allowed", e.Allowed.set(), s.VendorAllowed),
	)
}

// restrictions looks only at vendors of the list: the ranges that the encoder writes may include
// others.
func (e encoded) restrictions(s tcf.String) string {
	want := make(map[[2]int]tcf.Restriction)
	purposes := map[int]bool{12: true} // which has none
	for key, vendors := range e.Restrictions {
		var purpose int
		var kind tcf.Restriction
		if _, err := fmt.Sscan(key, &purpose, &kind); err != nil {
			return err.Error()
		}
		kind += tcf.NotAllowed
		purposes[purpose] = true
		for id := range vendors.set() {
			if held, ok := want[[2]int{purpose, id}]; !ok || kind < held {
				want[[2]int{purpose, id}] = kind
			}
		}
	}
	for vendor := range e.Listed.set() {
		for purpose := range purposes {
			got := s.PublisherRestriction(purpose, vendor)
			if got != want[[2]int{purpose, vendor}] {
				return fmt.Sprintf("restriction of purpose %d and vendor %d is %v", purpose, vendor, got)
			}
		}
	}
	return ""
}

// requireDecodes decodes every line, and returns the number of lines.
func requireDecodes(t *testing.T, lines []byte) (count int) {
	t.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	scanner.Buffer(nil, 1<<20)
	for ; scanner.Scan(); count++ {
		var e encoded
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &e))
		s, err := tcf.Parse(e.TC)
		require.NoError(t, err, e.TC)
		if d := e.difference(s); d != "" {
			t.Fatalf("%s: %s", e.TC, d)
		}
	}
	require.NoError(t, scanner.Err())
	return count
}

func TestAgreesWithCapturedStringsOfTheEncoder(t *testing.T) {
	lines, err := os.ReadFile("testdata/iab.jsonl")
	require.NoError(t, err)
	require.Equal(t, 300, requireDecodes(t, lines))
}

func TestAgreesWithTheEncoder(t *testing.T) {
	states := 10_000
	if testing.Short() {
		states = 500
	}
	lines, err := iab.Run(t.Context(), "tcf.mjs", "1", strconv.Itoa(states))
	if errors.Is(err, iab.ErrAbsent) && !iab.Required() {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Equal(t, states, requireDecodes(t, lines))
}
