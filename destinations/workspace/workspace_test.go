package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
)

const integrations = `[
	{"name":"Amplitude (Actions)","creationName":"Actions Amplitude","category":"Analytics","description":"","website":""},
	{"name":"Webhooks","creationName":"Webhooks","category":"Raw Data"},
	{"name":"Webhooks","creationName":"Webhooks","category":"Raw Data"},
	{"name":"Zendesk","creationName":"Zendesk","category":"Helpdesk"},
	{"name":"Repeater","creationName":"Repeater","category":"Raw Data"}
]`

const settings = `{
	"integrations": {
		"Segment.io": {"apiKey": "key"},
		"Actions Amplitude": {"consentSettings": {"categories": ["analytics"]}},
		"Webhooks": {},
		"Facebook Pixel": {"consentSettings": {"categories": ["advertising"]}}
	},
	"consentSettings": {"allCategories": ["advertising", "analytics"], "hasUnmappedDestinations": true}
}`

func TestParseCDN(t *testing.T) {
	w, err := ParseCDN([]byte(integrations), []byte(settings))
	require.NoError(t, err)
	require.Equal(t, []destinations.Connected{
		{Name: "Amplitude (Actions)", CreationName: "Actions Amplitude", Catalogue: "Analytics", Consent: []string{"analytics"}},
		{Name: "Webhooks", CreationName: "Webhooks", Catalogue: "Raw Data", Consent: []string{}},
		{Name: "Zendesk", CreationName: "Zendesk", Catalogue: "Helpdesk"}, // of the cloud mode: not shown
		{Name: "Facebook Pixel", CreationName: "Facebook Pixel", Consent: []string{"advertising"}},
	}, w.Destinations)
	require.Equal(t, []string{"advertising", "analytics"}, w.Categories)
	require.True(t, w.Unmapped)
	require.Equal(t, []string{unseenWarehouses, unseenMappings}, w.Unseen)
}

// Without Segment's consent product, a destination without a category means nothing.
func TestAWorkspaceWithoutConsent(t *testing.T) {
	w, err := ParseCDN([]byte(integrations), []byte(`{"integrations": {"Webhooks": {}}}`))
	require.NoError(t, err)
	for _, d := range w.Destinations {
		require.Nil(t, d.Consent)
	}
	require.Nil(t, w.Categories)
	require.Contains(t, w.Unseen, unseenConsent)
}

func TestParseCDNRefuses(t *testing.T) {
	for name, c := range map[string]struct{ integrations, settings, want string }{
		"no JSON":           {`<html>`, settings, "the list of integrations: it is not JSON"},
		"an object":         {`{}`, settings, "the list of integrations:  is of another type"},
		"a name of a kind":  {`[{"name": 7}]`, settings, "is of another type"},
		"no settings":       {integrations, `[]`, "the settings:  is of another type"},
		"settings of none":  {integrations, `{}`, "the settings hold no integrations"},
		"odd settings":      {integrations, `{"integrations": {"X": {"consentSettings": {"categories": "all"}}}}`, `the settings of "X": consentSettings.categories is of another type`},
		"nothing listed":    {`[]`, `{"integrations": {}}`, "no destination is listed"},
		"a line in a name":  {`[{"name": "X\n::set-output"}]`, settings, "destination 1 has a control character in a name"},
		"no name":           {`[{"name": " ", "creationName": ""}]`, settings, "destination 1 has no name"},
		"null for the list": {`null`, `{"integrations": {}}`, "no destination is listed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCDN([]byte(c.integrations), []byte(c.settings))
			require.ErrorIs(t, err, ErrWorkspace)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The fake serves the documents as the browser libraries read them.
func TestTheCDNOfTheFake(t *testing.T) {
	fake := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Facebook Pixel", "Webhooks"},
		Categories:   map[string][]string{"analytics": {"Amplitude"}, "advertising": {"Facebook Pixel"}},
		Catalogue:    map[string]string{"Facebook Pixel": "Advertising"},
	})
	cdn := CDN{WriteKey: fake.WriteKey(), Client: &http.Client{Transport: fake.Transport()}}
	w, err := cdn.Fetch(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Segment's CDN", w.Origin)
	require.Equal(t, []destinations.Connected{
		{Name: "Amplitude", CreationName: "Amplitude", Catalogue: "Analytics", Consent: []string{"analytics"}},
		{Name: "Facebook Pixel", CreationName: "Facebook Pixel", Catalogue: "Advertising", Consent: []string{"advertising"}},
		{Name: "Webhooks", CreationName: "Webhooks", Catalogue: "Analytics", Consent: []string{}},
	}, w.Destinations)

	cdn.WriteKey = "another"
	_, err = cdn.Fetch(t.Context())
	require.ErrorIs(t, err, ErrWorkspace)
	require.ErrorContains(t, err, "cdn.segment.com answered with status 404")
}

func destination(name string) string {
	return fmt.Sprintf(`{"id":"1","enabled":true,"metadata":{"name":%q,"previousNames":["Old %s"],"categories":["Analytics"]}}`, name, name)
}

func TestTheAPIIsReadToItsEnd(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "/connected-warehouses"):
			fmt.Fprint(w, `{"data":{"warehouses":[{"metadata":{"name":"Snowflake"}}],"pagination":{"current":"MA=="}}}`)
		case r.URL.Query().Get("pagination.cursor") == "":
			fmt.Fprintf(w, `{"data":{"destinations":[%s,%s],"pagination":{"current":"MA==","next":"MQ=="}}}`, destination("Amplitude"), destination("Amplitude"))
		default:
			fmt.Fprintf(w, `{"data":{"destinations":[%s],"pagination":{"current":"MQ==","next":null}}}`, destination("Heap"))
		}
	}))
	defer server.Close()
	w, err := API{Source: "src/1", Token: "secret", URL: server.URL}.Fetch(t.Context())
	require.NoError(t, err)
	require.Equal(t, []destinations.Connected{
		{Name: "Amplitude", PreviousNames: []string{"Old Amplitude"}, Catalogue: "Analytics"},
		{Name: "Heap", PreviousNames: []string{"Old Heap"}, Catalogue: "Analytics"},
		{Name: "Snowflake"},
	}, w.Destinations)
	require.True(t, w.Warehouses)
	require.Equal(t, []string{
		"/sources/src%2F1/connected-destinations?pagination.count=200",
		"/sources/src%2F1/connected-destinations?pagination.count=200&pagination.cursor=MQ%3D%3D",
		"/sources/src%2F1/connected-warehouses?pagination.count=200",
	}, asked)

	_, err = API{Source: "1", Token: "wrong", URL: server.URL}.Fetch(t.Context())
	require.ErrorContains(t, err, "answered with status 401")
	require.NotContains(t, err.Error(), "wrong")
}

func TestTheAPIDoesNotTurnInCircles(t *testing.T) {
	answer := `{"data":{"destinations":[],"pagination":{"next":"MQ=="}}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, answer) }))
	defer server.Close()
	_, err := API{Source: "1", URL: server.URL}.Fetch(t.Context())
	require.ErrorContains(t, err, "the list does not end")
	answer = `{"data":{}}`
	_, err = API{Source: "1", URL: server.URL}.Fetch(t.Context())
	require.ErrorContains(t, err, "is no page of a list")
}

// A redirect would take the token to another server.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer server.Close()
	_, err := API{Source: "1", Token: "secret", URL: server.URL}.Fetch(t.Context())
	require.ErrorContains(t, err, "answered with status 302")
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestErrorsOfTheNetworkHoldNoKey(t *testing.T) {
	broken := errors.New("no route")
	client := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, broken })}
	_, err := CDN{WriteKey: "the-key", Client: client}.Fetch(context.Background())
	require.ErrorIs(t, err, broken)
	require.NotContains(t, err.Error(), "the-key")
}

func TestDocumentsAreBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte(" "), maxDocument+1)) // the client leaves early
	}))
	defer server.Close()
	_, err := CDN{WriteKey: "key", URL: server.URL}.Fetch(t.Context())
	require.ErrorContains(t, err, "larger than 16777216 bytes")

	many := "[" + strings.Repeat(`{"name":"A"},`, 1)
	for i := range maxDestinations + 1 {
		many += fmt.Sprintf(`{"name":"A%d"},`, i)
	}
	_, err = ParseCDN([]byte(strings.TrimSuffix(many, ",")+"]"), []byte(settings))
	require.ErrorContains(t, err, "more than 10000 destinations")
}

func TestACopyIsWhatWasWritten(t *testing.T) {
	w, err := ParseCDN([]byte(integrations), []byte(settings))
	require.NoError(t, err)
	var copied bytes.Buffer
	require.NoError(t, Write(&copied, w))
	again, err := Read(&copied)
	require.NoError(t, err)
	require.Equal(t, w, again)

	_, err = Read(strings.NewReader(`{}`))
	require.ErrorContains(t, err, "the copy holds no destination")
	_, err = Read(strings.NewReader(`[`))
	require.ErrorContains(t, err, "the copy: it is not JSON")
}

func FuzzParseCDN(f *testing.F) {
	f.Add([]byte(integrations), []byte(settings))
	f.Add([]byte(`[]`), []byte(`{"integrations":{"X":null},"consentSettings":{}}`))
	f.Fuzz(func(t *testing.T, integrations, settings []byte) {
		w, err := ParseCDN(integrations, settings)
		if err != nil {
			require.ErrorIs(t, err, ErrWorkspace)
			return
		}
		require.NotEmpty(t, w.Destinations)
		for _, d := range w.Destinations {
			require.NotEmpty(t, strings.TrimSpace(d.Name))
		}
	})
}

func FuzzParsePage(f *testing.F) {
	f.Add([]byte(`{"data":{"destinations":[` + destination("Heap") + `],"pagination":{"next":"MQ=="}}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		var w destinations.Workspace
		if _, err := parsePage(document, &w); err != nil {
			require.ErrorIs(t, err, ErrWorkspace)
		}
	})
}
