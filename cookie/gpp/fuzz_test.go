package gpp_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/gpp"
)

// FuzzParse checks that every string is an error, or has sections for which another encoder
// writes the same header, and which say nothing but denials.
func FuzzParse(f *testing.F) {
	for _, value := range hostile {
		if len(value) < 4<<10 {
			f.Add(value)
		}
	}
	for _, value := range []string{optedOut, partly, notOptedOut, california, "", "DBAA", header(28, 29, 1000) + "~a~b~c", header(6) + "~1YYN"} {
		f.Add(value)
	}
	for _, value := range encoded(f) {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		state, decodeErr := gpp.Source{Skip: []int{2, 5}}.Decode(value)
		require.NotEqual(t, consent.Granted, state.Rest())
		for name, granted := range state.Categories() {
			require.False(t, granted, name)
		}
		s, err := gpp.Parse(value)
		if err != nil {
			require.ErrorIs(t, err, cookie.ErrMalformed)
			require.Empty(t, s.Sections())
			if !strings.ContainsAny(value, `%"`) {
				require.ErrorIs(t, decodeErr, cookie.ErrMalformed)
				require.Equal(t, consent.All(consent.Denied), state)
			}
			return
		}
		rebuilt := header(ids(s)...)
		for _, section := range s.Sections() {
			rebuilt += "~" + section.Value()
			for _, field := range []string{"SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut", "OptOutSale", "SensitiveDataProcessing"} {
				for _, v := range section.Field(field) {
					require.Contains(t, []int{0, 1, 2}, v)
				}
			}
		}
		again, err := gpp.Parse(rebuilt)
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

// encoded returns strings of the IAB's encoder.
func encoded(t testing.TB) (strings []string) {
	t.Helper()
	file, err := os.Open("testdata/iab.jsonl")
	require.NoError(t, err)
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() && len(strings) < 60 {
		var r record
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &r))
		strings = append(strings, r.Value)
	}
	return strings
}
