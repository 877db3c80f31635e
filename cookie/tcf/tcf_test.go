package tcf_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/tcf"
)

func TestParseFails(t *testing.T) {
	h := header{policy: 4, purposes: []int{1}}
	good := h.with(1, 2)
	allowed := "." + new(writer).number(2, 3).vendors(10, 1).String()
	for name, value := range map[string]string{
		"empty":                        "",
		"a space before":               " " + good,
		"a space after":                good + " ",
		"a quote":                      `"` + good,
		"padding":                      good + "==",
		"standard base64":              strings.Replace(good, "A", "+", 1),
		"an invalid escape":            good + "%zz",
		"an escape cut off":            good + "%4",
		"escaped twice":                strings.ReplaceAll(good+disclosed(1), ".", "%252E"),
		"version 1":                    "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA",
		"version 3":                    "D" + good[1:],
		"no core":                      disclosed(1)[1:],
		"core second":                  disclosed(1)[1:] + "." + good,
		"a second core":                good + "." + good,
		"an empty segment":             good + "." + disclosed(1),
		"a dot at the end":             good + ".",
		"disclosed vendors twice":      good + disclosed(1) + publisher(0) + disclosed(1),
		"no disclosed vendors, twice":  good + ".IAAA.IAAA",
		"allowed vendors twice":        good + allowed + allowed,
		"publisher twice":              good + publisher(0) + publisher(0),
		"a segment of type 4":          good + ".gAAAAAAAAAAA",
		"a segment of type 7":          good + ".4AAAAAAAAAAA",
		"a publisher cut off":          good + publisher(0)[:6],
		"custom purposes cut off":      good + publisher(63)[:20],
		"vendors cut off":              h.core().vendors(1000, 1).String(),
		"no vendors":                   h.core().String(),
		"vendors without a kind":       h.core().number(0, 15).String(),
		"ranges cut off":               h.core().number(9, 16).number(1, 1).number(2, 12).number(0, 1).number(1, 16).String(),
		"no restrictions":              h.core().vendors(4).vendors(0).String(),
		"restrictions cut off":         h.core().vendors(0).vendors(0).number(1, 12).number(1, 6).String(),
		"restricted vendors cut off":   h.core().vendors(0).vendors(0).number(1, 12).number(1, 8).number(1, 12).String(),
		"a range backwards":            h.core().ranges(9, [2]int{5, 4}).vendors(0).number(0, 12).String(),
		"a range from 0":               h.core().ranges(9, [2]int{0, 4}).vendors(0).number(0, 12).String(),
		"a range beyond the highest":   h.core().ranges(9, [2]int{5, 10}).vendors(0).number(0, 12).String(),
		"an interest beyond":           h.core().vendors(0).ranges(9, [2]int{5, 10}).number(0, 12).String(),
		"a restricted range backwards": h.core().vendors(0).vendors(0).number(1, 12).number(8, 8).entries([2]int{2, 1}).String(),
		"too long":                     good + strings.Repeat("A", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := tcf.Parse(value)
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.NotErrorIs(t, err, tcf.ErrOutdated)
			require.Equal(t, tcf.String{}, s)
			state, err := tcf.Source{}.Decode(value)
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Equal(t, consent.All(consent.Denied), state)
		})
	}
}

func TestParseIsLenientWithEscapesAndLength(t *testing.T) {
	value := header{policy: 4, purposes: []int{1}}.with(7) + publisher(1, 1) + disclosed(7)
	for name, value := range map[string]string{
		"as it is":            value,
		"dots escaped":        strings.ReplaceAll(value, ".", "%2e"),
		"all escaped":         "%" + strings.ToUpper(strings.Join(strings.Split(hexOf(value), " "), "%")),
		"escaped for a query": url.QueryEscape(value),
		"more bits":           value + "ABCDE_",
		"quoted":              `"` + value + `"`,
	} {
		s, err := tcf.Parse(value)
		require.NoError(t, err, name)
		require.True(t, s.VendorConsent(7) && s.VendorDisclosed(7) && s.CustomPurposeConsent(1), name)
	}
}

func hexOf(s string) string {
	const hex = "0123456789abcdef"
	pairs := make([]string, len(s))
	for i := range len(s) {
		pairs[i] = string([]byte{hex[s[i]>>4], hex[s[i]&15]})
	}
	return strings.Join(pairs, " ")
}

// However much of a string is lost at its end, it grants nothing that the whole does
// not: least of all a vendor that the lost segment says was never disclosed.
func TestTruncatedStringsGrantNoMore(t *testing.T) {
	source := tcf.Source{Vendors: map[int]string{8: "Eight", 999: "Undisclosed"}}
	core := header{policy: 5, purposes: []int{1, 8}}.with(8, 999)
	read := 0
	for _, value := range []string{core + disclosed(8) + publisher(5, 1), core + publisher(5, 1) + disclosed(8)} {
		whole, err := source.Decode(value)
		require.NoError(t, err)
		require.Equal(t, consent.Denied, whole.Destination("Undisclosed"))
		for n := range value {
			state, err := source.Decode(value[:n])
			if err == nil {
				read++
				require.Equal(t, whole, state, "%d bytes", n)
			}
		}
	}
	require.Equal(t, 1, read, "the publisher's segment may be lost, since nobody asked for what it says")
}

func TestNotableIDs(t *testing.T) {
	s, err := tcf.Parse(header{cmp: 0, policy: 5}.with(1, 1000))
	require.NoError(t, err)
	require.Zero(t, s.CmpID(), "AdRoll's")
	for id, want := range map[int]bool{-1: false, 0: false, 1: true, 2: false, 999: false, 1000: true, 1001: false, 1 << 62: false, -1 << 63: false} {
		require.Equal(t, want, s.VendorConsent(id), id)
	}
}

func TestZeroString(t *testing.T) {
	var s tcf.String
	for id := -1; id < 70; id++ {
		require.False(t, s.PurposeConsent(id) || s.PurposeLegitimateInterest(id) || s.SpecialFeature(id) || s.VendorConsent(id) ||
			s.VendorLegitimateInterest(id) || s.VendorDisclosed(id) || s.VendorAllowed(id) || s.PublisherConsent(id) ||
			s.PublisherLegitimateInterest(id) || s.CustomPurposeConsent(id) || s.CustomPurposeLegitimateInterest(id))
		require.Equal(t, tcf.Unrestricted, s.PublisherRestriction(id, id))
	}
	require.False(t, s.IsServiceSpecific() || s.HasDisclosedVendors() || s.HasPublisherTC() || s.PurposeOneTreatment() || s.UseNonStandardTexts())
	require.Zero(t, s.CmpID()+s.CmpVersion()+s.ConsentScreen()+s.PolicyVersion()+s.VendorListVersion()+s.CustomPurposes())
	require.Empty(t, s.ConsentLanguage()+s.PublisherCountry())
	require.True(t, s.Created().Equal(time.Unix(0, 0)) && s.LastUpdated().Equal(time.Unix(0, 0)))
}

func TestInvalidLetters(t *testing.T) {
	h := header{}
	bits := []byte(h.core().vendors(0).vendors(0).number(0, 12).String())
	bits[18] = '_' // the first letter of the language
	s, err := tcf.Parse(string(bits))
	require.NoError(t, err)
	require.Empty(t, s.ConsentLanguage())
	require.Equal(t, "FR", s.PublisherCountry())
}

func TestTheStrictestRestrictionCounts(t *testing.T) {
	restrict := func(w *writer, purpose, kind int, ranges ...[2]int) *writer {
		return w.number(uint64(purpose), 6).number(uint64(kind), 2).entries(ranges...)
	}
	w := header{}.core().vendors(0).vendors(0).number(6, 12)
	restrict(w, 2, 2, [2]int{1, 9})
	restrict(w, 2, 1, [2]int{3, 3}, [2]int{5, 9})
	restrict(w, 2, 0, [2]int{7, 7})
	restrict(w, 3, 0, [2]int{1, 9})
	restrict(w, 4, 3, [2]int{1, 1})
	restrict(w, 4, 2, [2]int{1, 2})
	s, err := tcf.Parse(w.String())
	require.NoError(t, err)
	for pair, want := range map[[2]int]tcf.Restriction{
		{2, 1}: tcf.RequireLegitimateInterest, {2, 3}: tcf.RequireConsent, {2, 4}: tcf.RequireLegitimateInterest,
		{2, 7}: tcf.NotAllowed, {2, 9}: tcf.RequireConsent, {2, 10}: tcf.Unrestricted, {1, 1}: tcf.Unrestricted,
		{3, 9}: tcf.NotAllowed, {4, 1}: tcf.NotAllowed, {4, 2}: tcf.RequireLegitimateInterest,
	} {
		require.Equal(t, want, s.PublisherRestriction(pair[0], pair[1]), pair)
	}
	require.Equal(t, []string{"unrestricted", "not allowed", "consent required", "legitimate interest required"}, []string{
		tcf.Unrestricted.String(), tcf.NotAllowed.String(), tcf.RequireConsent.String(), tcf.RequireLegitimateInterest.String(),
	})
}
