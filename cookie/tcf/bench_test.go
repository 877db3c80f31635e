package tcf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/cookie/tcf"
)

// eightHundred is a string of 800 vendors, every third of which was rejected. Each vendor has a
// bit.
func eightHundred() string {
	var vendors []int
	for id := 1; id <= 800; id++ {
		if id%3 > 0 {
			vendors = append(vendors, id)
		}
	}
	h := header{policy: 5, purposes: []int{1, 2, 3, 7, 8, 9, 10}}
	return h.core().vendors(800, vendors...).vendors(800, vendors...).number(0, 12).String() + disclosed(vendors...) + publisher(0)
}

func tenPurposes(s tcf.String) (granted int) {
	for id := 1; id <= 10; id++ {
		if s.PurposeConsent(id) {
			granted++
		}
	}
	return granted
}

func BenchmarkTenPurposesOf800Vendors(b *testing.B) {
	value := eightHundred()
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	for b.Loop() {
		s, err := tcf.Parse(value)
		if err != nil || tenPurposes(s) != 7 {
			b.Fatal(err)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	value := eightHundred()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		s, err := tcf.Parse(value)
		if err != nil || tenPurposes(s) != 7 || !s.VendorConsent(800) || s.VendorConsent(3) {
			t.Error(err)
		}
	}))
}

func BenchmarkSource(b *testing.B) {
	source := tcf.Source{
		Purposes: map[int]string{1: "functional", 7: "advertising", 8: "analytics"},
		Vendors:  map[int]string{10: "A", 100: "B", 400: "C", 755: "D"},
	}
	r := request("session=1; euconsent-v2=" + eightHundred())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := source.Consent(r); err != nil {
			b.Fatal(err)
		}
	}
}

// 64 KiB, as ranges wherever the format has room for them, and asked for a vendor that
// is in none.
func BenchmarkWorst(b *testing.B) {
	all := func(n int) [][2]int {
		ranges := everything(n)
		for i := range ranges {
			ranges[i] = [2]int{1, 65534}
		}
		return ranges
	}
	h := header{policy: 4}
	restrictions := h.core().vendors(0).vendors(0).number(2, 12)
	restrictions.number(1, 6).number(1, 2).entries(all(4095)...).number(1, 6).number(1, 2).entries(all(4095)...)
	value := h.core().ranges(65535, all(4095)...).ranges(65535, all(4095)...).number(0, 12).String()
	for name, value := range map[string]string{
		"ranges": value, "restrictions": restrictions.String(), "cookie": header{}.core().ranges(65535, all(690)...).vendors(0).number(0, 12).String(),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := tcf.Parse(value)
				if err != nil || s.VendorConsent(65535) || s.VendorLegitimateInterest(65535) || s.PublisherRestriction(1, 65535) != tcf.Unrestricted {
					b.Fatal(err)
				}
			}
		})
	}
}
