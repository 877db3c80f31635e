package middleware_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

func TestDNTHeader(t *testing.T) {
	none := consent.NewState(nil)
	for _, test := range []struct {
		rule   string
		values []string
		want   consent.State
	}{
		{"absent", nil, none},
		{"1", []string{"1"}, denied},
		{"1 with an extension", []string{"1;x"}, denied},
		{"one line of several is 1", []string{"0", "1"}, denied},
		{"0 grants nothing", []string{"0"}, none},
		{"empty says nothing", []string{""}, none},
		{"anything else says nothing", []string{"null", "true", " 1"}, none},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := serverRequest()
			for _, value := range test.values {
				r.Header.Add("DNT", value)
			}
			require.Equal(t, test.want, middleware.DNT()(r))
		})
	}
	r := serverRequest("DNT", "1")
	require.Equal(t, answer("-tracking"), middleware.DNT("tracking")(r))
	require.Equal(t, denied, middleware.DNT("tracking", "")(r))
	require.Equal(t, denied, middleware.DNT("tracking")(nil))
	require.Equal(t, none, middleware.GPC()(r), "DNT is not GPC")
}

// Headers as browsers send them, and what they say.
func TestSignalsOfCapturedHeaders(t *testing.T) {
	gpc := func(r *http.Request) consent.State { return middleware.GPC("sale", "sharing")(r) }
	for _, test := range []struct {
		headers []string
		want    consent.State
	}{
		{[]string{"Sec-GPC", "1"}, answer("-sale", "-sharing")},
		{[]string{"Sec-GPC", "0"}, consent.NewState(nil)},
		{[]string{"Sec-GPC", "true"}, consent.NewState(nil)},
		{[]string{"DNT", "0"}, consent.NewState(nil)}, // a preference for tracking, which no Signal takes for a grant
		{[]string{"DNT", "1"}, answer("-tracking")},
		{[]string{"Sec-GPC", "1", "DNT", "1"}, answer("-sale", "-sharing", "-tracking")},
	} {
		r := serverRequest(test.headers...)
		require.Equal(t, test.want, gpc(r).Restrict(middleware.DNT("tracking")(r)), test.headers)
	}
}

func TestGPCSupport(t *testing.T) {
	date := time.Date(2025, 4, 15, 23, 59, 0, 0, time.FixedZone("", -7*60*60))
	for want, lastUpdate := range map[string]time.Time{
		`{"gpc":true,"lastUpdate":"2025-04-15"}`: date,
		`{"gpc":true}`:                           {},
	} {
		server := httptest.NewServer(middleware.GPCSupport(lastUpdate))
		defer server.Close()
		response, err := http.Get(server.URL + middleware.GPCSupportPath)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, string(body))
		require.Equal(t, "application/json", response.Header.Get("Content-Type"))

		response, err = http.Head(server.URL + middleware.GPCSupportPath)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.EqualValues(t, len(want), response.ContentLength)

		response, err = http.Post(server.URL+middleware.GPCSupportPath, "text/plain", nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
		require.Equal(t, "GET, HEAD", response.Header.Get("Allow"))
	}
}

func TestGPCHonored(t *testing.T) {
	for name, test := range map[string]struct {
		options    middleware.Options
		headers    []string
		categories []string
		want       bool
	}{
		"the signal and the middleware":   {withGPC("ads", "sale"), []string{"Sec-GPC", "1"}, []string{"ads", "sale"}, true},
		"one of its categories":           {withGPC("ads", "sale"), []string{"Sec-GPC", "1"}, []string{"ads"}, true},
		"no signal":                       {withGPC("ads"), nil, []string{"ads"}, false},
		"no signal and a denial":          {withGPC("ads"), []string{"X-Grant", "?"}, []string{"ads"}, false},
		"an invalid signal":               {withGPC("ads"), []string{"Sec-GPC", "true"}, []string{"ads"}, false},
		"a category that stays allowed":   {withGPC("ads"), []string{"Sec-GPC", "1"}, []string{"ads", "sale"}, false},
		"everything":                      {withGPC(), []string{"Sec-GPC", "1"}, nil, true},
		"everything, but some is allowed": {withGPC("ads"), []string{"Sec-GPC", "1"}, nil, false},
		"a category that cannot be":       {withGPC("ads"), []string{"Sec-GPC", "1"}, []string{"ads", ""}, false},
		"over a grant":                    {withGPC("ads"), []string{"Sec-GPC", "1", "X-Grant", "ads"}, []string{"ads"}, true},
		"a denial of another casing":      {withGPC("ads"), []string{"Sec-GPC", "1"}, []string{"Ads"}, false},
		"nothing could be read":           {withGPC("ads"), []string{"Sec-GPC", "1", "X-Grant", "?"}, []string{"ads"}, true},
		"no Signal in the middleware": {
			middleware.Options{Sources: []middleware.Source{fromHeader}}, []string{"Sec-GPC", "1"}, []string{"ads"}, false},
		"no Signal, and a grant": {
			middleware.Options{Sources: []middleware.Source{fromHeader}}, []string{"Sec-GPC", "1", "X-Grant", "ads"}, []string{"ads"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			served := false
			h := middleware.New(test.options)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				served = true
				require.Equal(t, test.want, middleware.GPCHonored(r, test.categories...))
			}))
			h.ServeHTTP(httptest.NewRecorder(), serverRequest(test.headers...))
			require.True(t, served)
		})
	}
	require.False(t, middleware.GPCHonored(serverRequest("Sec-GPC", "1"), "ads"), "no middleware")
	require.False(t, middleware.GPCHonored(nil, "ads"))
}

func withGPC(categories ...string) middleware.Options {
	return middleware.Options{
		Sources: []middleware.Source{fromHeader},
		Signals: []middleware.Signal{middleware.GPC(categories...)},
	}
}
