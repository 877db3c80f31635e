package gpp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/gpp"
)

// The headers that the specification gives as examples.
func TestParseReadsTheHeadersOfTheSpecification(t *testing.T) {
	const tc = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
	for value, want := range map[string][]int{
		"DBABM~" + tc:             {2},
		"DBACNY~" + tc + "~1YNN":  {2, 6},
		"DBACNYA~" + tc + "~1YNN": {2, 6}, // padded to bytes, in its last example
		"DBABjw~" + tc + "~1YNN":  {5, 6},
		"DBAA":                    {},
	} {
		s, err := gpp.Parse(value)
		require.NoError(t, err, value)
		require.Equal(t, want, ids(s), value)
	}
	s, err := gpp.Parse("DBACNY~" + tc + "~1YNN")
	require.NoError(t, err)
	section, ok := s.Section(2)
	require.True(t, ok)
	require.Equal(t, tc, section.Value())
	require.Equal(t, "tcfeuv2", section.Name())
	require.Nil(t, section.Field("PurposeConsents"))
	_, ok = s.Section(7)
	require.False(t, ok)
}

func TestParseKeepsAnUnknownSectionRaw(t *testing.T) {
	s, err := gpp.Parse(header(28) + "~!what.ever")
	require.NoError(t, err)
	section, ok := s.Section(28)
	require.True(t, ok)
	require.Equal(t, "!what.ever", section.Value())
	require.Empty(t, section.Name())
	require.Nil(t, section.Field("SaleOptOut"))
}

// Strings for which other parsers hang, panic or take gigabytes.
var hostile = []string{
	"DBAB6AlBYA",                        // a range of ids that ends at 65535
	"DABLAABVQqAAAAC",                   // a recursion without an end
	"D000FFFFFFFFFFFFFFFFFFFFF01071800", // likewise
	"DB0000AAACBLA~",                    // 3380 ranges
	"DB__" + strings.Repeat("A", 4000),  // 4095 ranges, none of which ends
	"DB__" + strings.Repeat("_", 4000),  // 4095 ranges, overlapping
	"DB__" + strings.Repeat("q", 4000),
	"DBAB" + strings.Repeat("A", 4000) + "Y~", // one id without an end in sight
	"DBABLA" + strings.Repeat("~", 1<<20),
	"DBABLA~" + strings.Repeat("B", 1<<20),
	"DBABLA~BVQVAAAAAAGA" + strings.Repeat(".YA", 1<<10),
}

func TestParseRejects(t *testing.T) {
	long := "BVQVAAAAAAGA" // usnat, the long layout
	for name, value := range map[string]string{
		"nothing":                         "",
		"no header":                       "~" + long,
		"a header that is too short":      "DBA",
		"a TC string":                     "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA",
		"a type that is not 3":            "EBABLA~" + long,
		"a version that is not 1":         "DCABLA~" + long,
		"base64 of the other alphabet":    "DBABL/~" + long,
		"a header in padded base64":       "DBABLA==~" + long,
		"bits after the header":           "DBABLAB~" + long,
		"a range without its end":         "DBABI~" + long,
		"fewer ranges than announced":     "DBADLA~" + long,
		"a section too few":               "DBABLA",
		"a section too many":              "DBABLA~" + long + "~" + long,
		"a section though none is listed": "DBAA~" + long,
		"an empty section":                "DBABLA~",
		"an empty core":                   "DBABLA~.YA",
		"an empty subsection":             "DBABLA~" + long + ".",
		"a core that is cut off":          "DBABLA~BVQVAAAAAAG",
		"a core in base64 with padding":   "DBABLA~BVQVAAAAAAG=",
		"a core that is too long":         "DBABLA~BVQVAAAAAAGAA",
		"bits after a core":               "DBABLA~BVQVAAAAAAGB",
		"usnat of version 3":              "DBABLA~DVQVAAAAAAGA",
		"usnat of version 0":              "DBABLA~AVQVAAAAAAGA",
		"usca of version 2":               "DBABBg~CUUAAACA",
		"an opt-out of 3":                 "DBABLA~BVQ_AAAAAAGA",
		"a space":                         "DBABLA~ BVQVAAAAAAGA",
		"a subsection of type 0":          "DBABLA~" + long + ".AA",
		"a subsection of type 2":          "DBABLA~" + long + ".iA",
		"bits after a subsection":         "DBABLA~" + long + ".YB",
		"a subsection that is too long":   "DBABLA~" + long + ".YAA",
		"two subsections":                 "DBABLA~" + long + ".YA.YA",
		"a subsection where none is":      header(9) + "~BAAAAIA.YA",
		"usin that begins with a header":  header(25) + "~ZQBA",
		"a consent of 3":                  header(25) + "~BQBA.wAA",
		"a US Privacy section of five":    header(6) + "~1YNN-",
		"a US Privacy section of 2":       header(6) + "~2YNN",
		"a US Privacy section in lower":   header(6) + "~1ynn",
		"more than 64 sections":           header(all(93)[28:]...) + strings.Repeat("~x", 65),
		"an id of 65536":                  header(1<<16) + "~x",
		"ids up to 65536":                 header(1<<16-1, 1<<16) + "~x~x",
		"an id that is no uint16":         header(1<<16+7) + "~" + long,
		"an id that is no uint32":         header(1<<32+7) + "~" + long,
		"more than 16 KiB":                header(28) + "~" + strings.Repeat("x", 16<<10),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := gpp.Parse(value)
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Empty(t, s.Sections())
		})
	}
	for _, value := range hostile {
		_, err := gpp.Parse(value)
		require.ErrorIs(t, err, cookie.ErrMalformed, "%.40s", value)
	}
}

// Without their one mistake, the strings above are read.
func TestParseAcceptsTheLimits(t *testing.T) {
	for _, value := range []string{
		"DBABLA~BVQVAAAAAAGA", "DBABLA~BVQVAAAAAAGA.Y", "DBABLA~BVQVAAAAAAGA.YA", "DBABLA~CVQVAAAAAAGA.QA",
		"DBABBg~BUUAAACA", header(9) + "~BAAAAAI", header(25) + "~BQBA", header(25) + "~BQBA.oAA", header(6) + "~1YNN",
		header(all(92)[28:]...) + strings.Repeat("~x", 64), header(1<<16-1) + "~x",
	} {
		_, err := gpp.Parse(value)
		require.NoError(t, err, value)
	}
}

func all(n int) (ids []int) {
	for id := 1; id <= n; id++ {
		ids = append(ids, id)
	}
	return ids
}

// header encodes a header in which every id is a separate range.
func header(ids ...int) string {
	var b strings.Builder
	number := func(v, n int) {
		for i := n - 1; i >= 0; i-- {
			b.WriteByte('0' + byte(v>>i&1))
		}
	}
	number(3, 6)
	number(1, 6)
	number(len(ids), 12)
	last := 0
	for _, id := range ids {
		b.WriteByte('0')
		b.WriteString(fibonacci(id - last))
		last = id
	}
	bits := b.String()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var text strings.Builder
	for ; bits != ""; bits = bits[min(6, len(bits)):] {
		v := 0
		for i := range 6 {
			v <<= 1
			if i < len(bits) && bits[i] == '1' {
				v |= 1
			}
		}
		text.WriteByte(alphabet[v])
	}
	return text.String()
}

// fibonacci is the code of the specification, the greatest number first.
func fibonacci(v int) string {
	numbers := []int{1, 2}
	for numbers[len(numbers)-1] <= v {
		numbers = append(numbers, numbers[len(numbers)-1]+numbers[len(numbers)-2])
	}
	code, begun := "1", false
	for i := len(numbers) - 1; i >= 0; i-- {
		switch {
		case numbers[i] <= v:
			v, begun, code = v-numbers[i], true, "1"+code
		case begun:
			code = "0" + code
		}
	}
	return code
}
