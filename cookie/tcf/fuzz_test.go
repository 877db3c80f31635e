package tcf_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/tcf"
)

// hostile holds values for which other parsers take too long, or fail.
var hostile = []string{
	// A vendor section that ends before its bits: prebid/go-gdpr reads beyond the end.
	header{}.core().number(65535, 16).number(0, 1).String(),
	header{}.core().vendors(0).number(65535, 16).String(),
	header{}.core().number(0, 16).String(),
	// Headers of GPP that make its parsers run for seconds or take gigabytes.
	"DB0000AAACBLA~", "DABLAABVQqAAAAC", "D000FFFFFFFFFFFFFFFFFFFFF01071800",
	// As many ranges as fit, every one of them over all vendors.
	header{}.core().ranges(65535, everything(4095)...).vendors(0).number(0, 12).String(),
	header{}.core().vendors(0).vendors(0).number(4095, 12).number(1, 8).entries(everything(4095)...).String(),
	header{}.core().vendors(0).vendors(0).number(4095, 12).String() + strings.Repeat("AAA", 1<<12),
	strings.Repeat(".", 1<<12), strings.Repeat("C", 1<<12), strings.Repeat("%25", 1<<12),
}

func everything(n int) [][2]int {
	ranges := make([][2]int, n)
	for i := range ranges {
		ranges[i] = [2]int{1, 65535}
	}
	return ranges
}

func FuzzParse(f *testing.F) {
	for _, value := range hostile {
		f.Add(value)
	}
	for _, c := range captured(f) {
		_, value, _ := strings.Cut(c.Cookie, "=")
		f.Add(value)
	}
	lines, err := os.Open("testdata/iab.jsonl")
	require.NoError(f, err)
	defer lines.Close()
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		var e encoded
		require.NoError(f, json.Unmarshal(scanner.Bytes(), &e))
		f.Add(e.TC)
	}
	source := tcf.Source{
		Purposes: map[int]string{1: "a", 2: "a", 24: "b"}, SpecialFeatures: map[int]string{1: "c"},
		CustomPurposes: map[int]string{1: "d"}, Vendors: map[int]string{1: "V", 2: "V", 755: "W"},
	}
	f.Fuzz(func(t *testing.T, value string) {
		s, err := tcf.Parse(value)
		state, refused := source.Decode(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Equal(t, tcf.String{}, s)
			require.Equal(t, err, refused)
		}
		if refused != nil {
			require.Equal(t, consent.All(consent.Denied), state)
		} else {
			require.True(t, state.Answered())
			require.Equal(t, consent.Unknown, state.Rest())
		}
		if strings.ContainsAny(value, `%"`) || len(value) > 1<<12 {
			return
		}
		var o oracle
		require.Equal(t, o.read(value), err == nil, "%v", err)
		if err == nil {
			requireSame(t, &o, s)
			requireSameState(t, &o, state, refused)
		}
	})
}

func requireSame(t *testing.T, o *oracle, s tcf.String) {
	t.Helper()
	require.Equal(t, o.numbers["created"], int(s.Created().UnixMilli()/100))
	require.Equal(t, o.numbers["updated"], int(s.LastUpdated().UnixMilli()/100))
	require.Equal(t,
		[]int{o.numbers["cmp"], o.numbers["cmpVersion"], o.numbers["screen"], o.numbers["list"], o.numbers["policy"]},
		[]int{s.CmpID(), s.CmpVersion(), s.ConsentScreen(), s.VendorListVersion(), s.PolicyVersion()})
	require.Equal(t,
		[]bool{o.numbers["specific"] == 1, o.numbers["texts"] == 1, o.numbers["one"] == 1, o.disclosed, o.published},
		[]bool{s.IsServiceSpecific(), s.UseNonStandardTexts(), s.PurposeOneTreatment(), s.HasDisclosedVendors(), s.HasPublisherTC()})
	require.Equal(t, letters(o.numbers["language"]), s.ConsentLanguage())
	require.Equal(t, letters(o.numbers["country"]), s.PublisherCountry())
	same := func(name string, want func(string, int) bool, got func(int) bool, ids []int) {
		for _, id := range ids {
			if got(id) != want(name, id) {
				t.Fatalf("%s: %d is %v", name, id, got(id))
			}
		}
	}
	var ids []int
	for id := -1; id < 70; id++ {
		ids = append(ids, id)
	}
	for name, got := range map[string]func(int) bool{
		"features": s.SpecialFeature, "purposes": s.PurposeConsent, "interests": s.PurposeLegitimateInterest,
		"publisher": s.PublisherConsent, "publisherInterests": s.PublisherLegitimateInterest,
		"custom": s.CustomPurposeConsent, "customInterests": s.CustomPurposeLegitimateInterest,
	} {
		same(name, o.field, got, ids)
	}
	ids = append(ids, 755, 1000, 65534, 65535, 65536, 1<<40)
	for name, got := range map[string]func(int) bool{
		"consents": s.VendorConsent, "vendorInterests": s.VendorLegitimateInterest,
		"disclosed": s.VendorDisclosed, "allowed": s.VendorAllowed,
	} {
		at := ids
		for _, r := range first(o.vendors[name], 16) {
			at = append(at, r[0]-1, r[0], r[1], r[1]+1)
		}
		same(name, o.vendor, got, at)
	}
	for key, ranges := range o.restrictions {
		for _, r := range first(ranges, 4) {
			want := tcf.NotAllowed
			if !within(o.restrictions[[2]int{key[0], 0}], r[1]) && !within(o.restrictions[[2]int{key[0], 3}], r[1]) {
				want = tcf.RequireConsent
				if !within(o.restrictions[[2]int{key[0], 1}], r[1]) {
					want = tcf.RequireLegitimateInterest
				}
			}
			require.Equal(t, want, s.PublisherRestriction(key[0], r[1]))
		}
	}
	require.Equal(t, tcf.Unrestricted, s.PublisherRestriction(64, 1))
	require.Equal(t, tcf.Unrestricted, s.PublisherRestriction(1, 0))
}

func first(ranges [][2]int, n int) [][2]int { return ranges[:min(n, len(ranges))] }

func letters(v int) string {
	if v>>6 > 25 || v&63 > 25 {
		return ""
	}
	return string([]byte{'A' + byte(v>>6), 'A' + byte(v&63)})
}

// requireSameState checks what the Source of the fuzz target grants, and that it
// refuses nothing without a reason.
func requireSameState(t *testing.T, o *oracle, state consent.State, refused error) {
	t.Helper()
	const march = 17723232000 // tenths of a second, at the beginning of March 2026
	require.Equal(t, o.numbers["policy"] >= 5 && o.numbers["created"] >= march && !o.disclosed, refused != nil)
	if refused != nil {
		return
	}
	vendor := func(id int) bool {
		return o.vendor("consents", id) && (!o.disclosed || o.vendor("disclosed", id))
	}
	for name, want := range map[string]bool{
		"a": o.field("purposes", 1) && o.field("purposes", 2), "b": o.field("purposes", 24),
		"c": o.field("features", 1), "d": o.field("custom", 1), "3": o.field("purposes", 3), "11": o.field("purposes", 11),
	} {
		require.Equal(t, choice(want), state.Category(name), name)
	}
	require.Equal(t, choice(vendor(1) && vendor(2)), state.Destination("V"))
	require.Equal(t, choice(vendor(755)), state.Destination("W"))
	for _, name := range []string{"1", "2", "12", "24"} {
		require.Equal(t, consent.Unknown, state.Category(name), name)
	}
}

func choice(granted bool) consent.Choice {
	if granted {
		return consent.Granted
	}
	return consent.Denied
}
