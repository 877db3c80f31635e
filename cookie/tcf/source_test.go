package tcf_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/tcf"
	"github.com/go-consent/segment/destinations"
)

// A capture is a cookie, and what the IAB's decoder makes of it.
type capture struct {
	Name, Cookie, Decision string
	Categories             map[string]bool
	Vendors                ranges
	TCF                    *struct {
		PolicyVersion, CmpID, GvlVersion                                     int
		Created, LastUpdated                                                 time.Time
		Lang, CC                                                             string
		ServiceSpecific                                                      bool
		PurposesLI, SpecialFeatures, VendorsLI, Disclosed, PublisherConsents ranges
		Restrictions                                                         []struct {
			Purpose int
			Type    tcf.Restriction
			Vendors ranges
		}
	}
}

func captured(t testing.TB) (captures []capture) {
	data, err := os.ReadFile("testdata/captured.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &captures))
	require.Len(t, captures, 13)
	return captures
}

func request(cookies ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Cookie"] = cookies
	return r
}

// Every vendor of the Global Vendor List, as a destination of its own number.
func allVendors() map[int]string {
	vendors := make(map[int]string)
	for id := 1; id <= 1500; id++ {
		vendors[id] = strconv.Itoa(id)
	}
	return vendors
}

func TestCapturedCookies(t *testing.T) {
	for _, c := range captured(t) {
		t.Run(c.Name, func(t *testing.T) {
			state, err := tcf.Source{Vendors: allVendors()}.Consent(request(c.Cookie))
			if c.Decision == "none" { // not a TC string: denied, which is stricter than no answer
				require.ErrorIs(t, err, cookie.ErrMalformed)
				require.Equal(t, consent.All(consent.Denied), state)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.Categories, maps.Collect(state.Categories()))
			granted := map[int]bool{}
			for name, on := range state.Destinations() {
				if id, _ := strconv.Atoi(name); on {
					granted[id] = true
				}
			}
			require.Equal(t, c.Vendors.set(), granted)

			zero, err := tcf.Source{}.Consent(request(c.Cookie))
			require.NoError(t, err)
			require.Equal(t, consent.NewState(c.Categories), zero)
		})
	}
}

func TestCapturedFields(t *testing.T) {
	for _, c := range captured(t) {
		if c.TCF == nil {
			continue
		}
		s, err := tcf.Parse(c.Cookie[len("euconsent-v2="):])
		require.NoError(t, err, c.Name)
		want := c.TCF
		require.Equal(t, want.Created.UTC(), s.Created(), c.Name)
		require.Equal(t, want.LastUpdated.UTC(), s.LastUpdated(), c.Name)
		require.Equal(t,
			[]any{want.PolicyVersion, want.CmpID, want.GvlVersion, want.Lang, want.CC, want.ServiceSpecific},
			[]any{s.PolicyVersion(), s.CmpID(), s.VendorListVersion(), s.ConsentLanguage(), s.PublisherCountry(), s.IsServiceSpecific()}, c.Name)
		for what, set := range map[string]struct {
			want ranges
			has  func(int) bool
		}{
			"purposes": {want.PurposesLI, s.PurposeLegitimateInterest}, "features": {want.SpecialFeatures, s.SpecialFeature},
			"vendors": {want.VendorsLI, s.VendorLegitimateInterest}, "disclosed": {want.Disclosed, s.VendorDisclosed},
			"publisher": {want.PublisherConsents, s.PublisherConsent},
		} {
			got := make(map[int]bool)
			for id := range 1 << 16 {
				if set.has(id) {
					got[id] = true
				}
			}
			require.Equal(t, set.want.set(), got, "%s: %s", c.Name, what)
		}
		for _, r := range want.Restrictions {
			for vendor := range r.Vendors.set() {
				require.Equal(t, tcf.NotAllowed+r.Type, s.PublisherRestriction(r.Purpose, vendor), c.Name)
			}
		}
	}
}

func TestSourceConforms(t *testing.T) {
	source := tcf.Source{
		Purposes: map[int]string{1: "functional", 7: "advertising", 8: "analytics"},
		Vendors:  map[int]string{8: "Eight", 755: "Google Ads", 999: "Undisclosed"},
	}
	answer := func(value string, destinations map[string]bool, on ...string) conformance.SourceAnswer {
		categories := map[string]bool{"functional": false, "advertising": false, "analytics": false}
		for _, id := range []string{"2", "3", "4", "5", "6", "9", "10", "11"} {
			categories[id] = false
		}
		for _, name := range on {
			categories[name] = true
		}
		state := consent.NewState(categories).WithDestinations(destinations)
		return conformance.SourceAnswer{Header: http.Header{"Cookie": {"euconsent-v2=" + value}}, State: state}
	}
	partial := header{policy: 5, purposes: []int{1, 8}}
	conformance.TestSource(t, func() tcf.Source { return source }, conformance.SourceExamples{
		Answers: []conformance.SourceAnswer{
			answer(partial.with(8, 999)+disclosed(8, 755), map[string]bool{"Eight": true, "Google Ads": false, "Undisclosed": false}, "functional", "analytics"),
			answer(header{policy: 4, purposes: []int{7}}.with(755), map[string]bool{"Eight": false, "Google Ads": true, "Undisclosed": false}, "advertising"),
			answer(header{policy: 5}.with()+publisher(2, 1)+disclosed(8), map[string]bool{"Eight": false, "Google Ads": false, "Undisclosed": false}),
		},
		Malformed: []http.Header{
			{"Cookie": {"euconsent-v2=" + partial.with(8)[:50]}},
			{"Cookie": {"euconsent-v2=BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"}},
			{"Cookie": {"euconsent-v2=" + partial.with(8) + disclosed(8) + disclosed(8)}},
			{"Cookie": {"euconsent-v2="}},
		},
	})
}

func TestSourceRefuses(t *testing.T) {
	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	now := func(t time.Time) func() time.Time { return func() time.Time { return t } }
	const day = 24 * time.Hour
	last, first := at(2026, time.February, 28), at(2026, time.March, 1)
	outdated, malformed := tcf.ErrOutdated, cookie.ErrMalformed
	for name, c := range map[string]struct {
		source tcf.Source
		value  string
		err    error
	}{
		"policy 5 without disclosed vendors":         {tcf.Source{}, header{policy: 5, created: first}.with(), malformed},
		"policy 6 without disclosed vendors":         {tcf.Source{}, header{policy: 6, created: first}.with() + publisher(0), malformed},
		"policy 5 before they were required":         {tcf.Source{}, header{policy: 5, created: last}.with(), nil},
		"policy 5 with them":                         {tcf.Source{}, header{policy: 5, created: first}.with() + disclosed(), nil},
		"policy 4 without them":                      {tcf.Source{}, header{policy: 4, created: first}.with(), nil},
		"required, policy 4 without them":            {tcf.Source{RequireDisclosed: true}, header{policy: 4, created: first}.with(), outdated},
		"required, policy 4 before":                  {tcf.Source{RequireDisclosed: true}, header{policy: 4, created: last}.with(), nil},
		"required, policy 4 with them, in any order": {tcf.Source{RequireDisclosed: true}, header{policy: 4}.with() + publisher(3) + disclosed(), nil},
		"policy too old":                             {tcf.Source{MinPolicyVersion: 4}, header{policy: 3}.with(), outdated},
		"policy just right":                          {tcf.Source{MinPolicyVersion: 4}, header{policy: 4}.with(), nil},
		"list too old":                               {tcf.Source{MinVendorListVersion: 100}, header{list: 99}.with(), outdated},
		"list just right":                            {tcf.Source{MinVendorListVersion: 100}, header{list: 100}.with(), nil},
		"too old":                                    {tcf.Source{MaxAge: 30 * day, Now: now(first)}, header{created: last, updated: first.Add(-30*day - time.Second)}.with(), outdated},
		"just in time":                               {tcf.Source{MaxAge: 30 * day, Now: now(first)}, header{created: at(2025, 1, 1), updated: first.Add(-30 * day)}.with(), nil},
		"tomorrow":                                   {tcf.Source{MaxAge: 30 * day, Now: now(first)}, header{updated: first.Add(day)}.with(), nil},
		"the day after":                              {tcf.Source{MaxAge: 30 * day, Now: now(first)}, header{updated: first.Add(day + time.Second)}.with(), outdated},
		"very old by the real clock":                 {tcf.Source{MaxAge: day}, header{updated: at(2020, 1, 1)}.with(), outdated},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := c.source.Consent(request("euconsent-v2=" + c.value))
			if c.err == nil {
				require.NoError(t, err)
				require.Equal(t, consent.Denied, state.Category("1"))
				return
			}
			require.ErrorIs(t, err, c.err)
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Equal(t, c.err == outdated, c.err == tcf.ErrOutdated)
			require.Equal(t, consent.All(consent.Denied), state)
		})
	}
}

func TestSourceMapsIDs(t *testing.T) {
	value := header{policy: 4, features: []int{2}, purposes: []int{1, 3, 7, 12}, interest: []int{1, 2, 3, 8}}.with(1, 2) + publisher(3, 2)
	for name, c := range map[string]struct {
		source       tcf.Source
		categories   map[string]consent.Choice
		destinations map[string]consent.Choice
	}{
		"zero": {
			tcf.Source{},
			map[string]consent.Choice{"1": consent.Granted, "2": consent.Denied, "11": consent.Denied, "12": consent.Unknown},
			map[string]consent.Choice{"1": consent.Unknown},
		},
		"several purposes": {
			tcf.Source{Purposes: map[int]string{1: "both", 3: "both", 7: "one", 8: "one"}},
			map[string]consent.Choice{"both": consent.Granted, "one": consent.Denied, "1": consent.Unknown},
			nil,
		},
		"a name that is another's number": {
			tcf.Source{Purposes: map[int]string{1: "2"}},
			map[string]consent.Choice{"1": consent.Unknown, "2": consent.Denied},
			nil,
		},
		"purposes of the future, and none": {
			tcf.Source{Purposes: map[int]string{12: "new", 13: "denied", 25: "no such", 0: "zero", -1: "negative"}},
			map[string]consent.Choice{
				"new": consent.Granted, "denied": consent.Denied, "no such": consent.Denied, "zero": consent.Denied, "negative": consent.Denied,
			},
			nil,
		},
		"features and custom purposes": {
			tcf.Source{
				SpecialFeatures: map[int]string{1: "location", 2: "scan", 13: "no such"},
				CustomPurposes:  map[int]string{1: "first", 2: "second", 4: "no such"},
			},
			map[string]consent.Choice{
				"location": consent.Denied, "scan": consent.Granted, "first": consent.Denied, "second": consent.Granted, "no such": consent.Denied,
			},
			nil,
		},
		"legitimate interest": {
			tcf.Source{LegitimateInterest: []int{1, 2, 3, 8, 9}, Purposes: map[int]string{1: "one"}},
			map[string]consent.Choice{"2": consent.Granted, "8": consent.Granted, "9": consent.Denied, "10": consent.Denied},
			nil,
		},
		"vendors": {
			tcf.Source{Vendors: map[int]string{1: "A", 2: "B", 3: "B", 1001: "C", 0: "D"}},
			nil,
			map[string]consent.Choice{"A": consent.Granted, "B": consent.Denied, "C": consent.Denied, "D": consent.Denied, "E": consent.Unknown},
		},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := c.source.Decode(value)
			require.NoError(t, err)
			require.Equal(t, len(c.source.Vendors) > 0, state.AskedByDestination())
			for name, want := range c.categories {
				require.Equal(t, want, state.Category(name), name)
			}
			for name, want := range c.destinations {
				require.Equal(t, want, state.Destination(name), name)
			}
		})
	}
}

func TestLegitimateInterestIsExcludedForMostPurposes(t *testing.T) {
	var all []int
	for id := 1; id <= 24; id++ {
		all = append(all, id)
	}
	value := header{policy: 4, interest: all}.with()
	state, err := tcf.Source{LegitimateInterest: all}.Decode(value)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{
		"1": false, "2": true, "3": false, "4": false, "5": false, "6": false,
		"7": true, "8": true, "9": true, "10": true, "11": true,
	}, maps.Collect(state.Categories()))
}

func TestSourceReadsOnlyItsCookie(t *testing.T) {
	value := header{purposes: []int{1}}.with()
	state, err := tcf.Source{Name: "eupubconsent-v2"}.Consent(request("euconsent-v2="+value, "other=%zz"))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(nil), state)
	state, err = tcf.Source{Name: "eupubconsent-v2"}.Consent(request("euconsent-v2=broken; eupubconsent-v2=" + value))
	require.NoError(t, err)
	require.Equal(t, consent.Granted, state.Category("1"))
}

// A category that belongs to no purpose was not asked about: with the site's list of categories
// it is denied. What the purposes say stays as it is.
func TestCategoriesWithoutAPurpose(t *testing.T) {
	optOut := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"chat": {"Intercom"}}, OptOut: true, Imply: true})
	for _, c := range captured(t) {
		if c.Decision == "none" {
			continue
		}
		source := tcf.Source{Vendors: map[int]string{755: "Google Ads"}}
		before, err := source.Consent(request(c.Cookie))
		require.NoError(t, err)
		require.True(t, optOut.Decide(before).Allows("Intercom"), "what the list is for")
		source.Categories = []string{"1", "7", "chat"}
		after, err := source.Consent(request(c.Cookie))
		require.NoError(t, err)
		require.Equal(t, before.Restrict(consent.NewState(map[string]bool{"chat": false})), after)
		require.False(t, optOut.Decide(after).Allows("Intercom"))
	}
	none, err := tcf.Source{Categories: []string{"chat"}}.Consent(request("other=1"))
	require.NoError(t, err)
	require.Equal(t, consent.NewState(nil), none, "nobody answered")
}
