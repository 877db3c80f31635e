package middleware_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

func TestGPCHeader(t *testing.T) {
	none := consent.NewState(nil)
	for _, test := range []struct {
		rule   string
		values []string
		want   consent.State
	}{
		{"absent", nil, none},
		{"exactly 1", []string{"1"}, denied},
		{"two lines of 1", []string{"1", "1"}, denied},
		{"one line of several is 1", []string{"0", "1", "yes"}, denied},
		{"0 says nothing", []string{"0"}, none},
		{"empty says nothing", []string{""}, none},
		{"true says nothing", []string{"true"}, none},
		{"01 says nothing", []string{"01"}, none},
		{"1 with a space says nothing", []string{" 1"}, none},
		{"a list in one line says nothing", []string{"1, 1"}, none},
		{"1;x says nothing", []string{"1;x"}, none},
		{"another digit one says nothing", []string{"１"}, none},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := serverRequest()
			for _, value := range test.values {
				r.Header.Add("Sec-GPC", value)
			}
			require.Equal(t, test.want, middleware.GPC()(r))
		})
	}
}

func TestGPCCategories(t *testing.T) {
	r := serverRequest("Sec-GPC", "1")
	require.Equal(t, answer("-ads", "-resale"), middleware.GPC("ads", "resale")(r))
	require.Equal(t, denied, middleware.GPC([]string{}...)(r))
	require.Equal(t, denied, middleware.GPC("ads", "")(r))
	require.Equal(t, denied, middleware.GPC("ads")(nil))
	require.Equal(t, consent.NewState(nil), middleware.GPC("ads")(&http.Request{}))
}

func TestGPCCopiesItsCategories(t *testing.T) {
	categories := []string{"ads"}
	signal := middleware.GPC(categories...)
	categories[0] = "other"
	require.Equal(t, answer("-ads"), signal(serverRequest("Sec-GPC", "1")))
}
