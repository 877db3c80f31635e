package segmenttest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// The tables of Segment's documentation, sent over the wire by analytics-go.
func TestSegmentEnforcesAsDocumented(t *testing.T) {
	var table struct {
		Destinations []string
		Rows         []struct {
			ID             string
			Mapping        map[string][]string `json:"categoryToDestinations"`
			Consent        map[string]any      `json:"context.consent"`
			Integrations   analytics.Integrations
			Deliver, Block []string
		}
	}
	b, err := os.ReadFile("../../../destinations/testdata/enforcement.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &table))
	require.Len(t, table.Rows, 15)
	for _, row := range table.Rows {
		t.Run(row.ID, func(t *testing.T) {
			segment := segmenttest.New(t, segmenttest.Workspace{Destinations: table.Destinations, Categories: row.Mapping})
			m := analytics.Track{UserId: "u", Event: "Ordered", Integrations: row.Integrations}
			if row.Consent != nil {
				m.Context = &analytics.Context{Extra: map[string]any{"consent": row.Consent}}
			}
			send(t, segment.Config(), segment.WriteKey(), m)
			for _, name := range row.Deliver {
				segment.RequireInbox(t, name, 1)
				require.Empty(t, segment.Discarded(name, ""))
			}
			for _, name := range row.Block {
				segment.RequireInbox(t, name, 0)
				require.Len(t, segment.Discarded(name, ""), 1)
			}
		})
	}
}

func TestSegmentTellsWhyItDiscards(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude", "Braze", "Hotjar", "Snowflake", "Amazon S3"},
		Former:       map[string][]string{"Braze": {"Appboy"}},
		Categories:   map[string][]string{"analytics": {"Amplitude", "Hotjar", "Snowflake", "Amazon S3"}, "session": {"Hotjar"}},
	})
	send(t, segment.Config(), segment.WriteKey(),
		analytics.Track{MessageId: "1", UserId: "u", Event: "a", Context: categories(map[string]bool{"analytics": true}),
			Integrations: integrations{"Amplitude": false, "Warehouses": map[string]any{"all": false}}},
		analytics.Track{MessageId: "2", UserId: "u", Event: "b", Context: categories(map[string]bool{"analytics": false, "session": true}),
			Integrations: integrations{"Amplitude": false, "Appboy": false}})

	require.Len(t, segment.Discarded("Amplitude", segmenttest.FilteredByIntegrations), 1)
	require.Len(t, segment.Discarded("Amplitude", segmenttest.FilteredByConsent), 1, "consent is looked at first")
	require.Len(t, segment.Discarded("Hotjar", segmenttest.FilteredByConsent), 2, "it needs both categories")
	segment.RequireInbox(t, "Braze", 1)
	segment.RequireInbox(t, "Snowflake", 1)
	segment.RequireInbox(t, "Amazon S3", 2)
	require.Empty(t, segment.Discarded("Nothing", ""))
}

func TestSegmentTakesEveryType(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	send(t, segment.Config(), segment.WriteKey(),
		analytics.Track{UserId: "u", Event: "e"}, analytics.Identify{UserId: "u"}, analytics.Page{AnonymousId: "v"},
		analytics.Screen{AnonymousId: "v"}, analytics.Group{UserId: "u", GroupId: "g"}, analytics.Alias{UserId: "u", PreviousId: "v"})
	var got []string
	for _, a := range segment.Inbox("Amplitude") {
		got = append(got, a.Type)
		require.True(t, json.Valid(a.JSON))
	}
	require.Equal(t, []string{"track", "identify", "page", "screen", "group", "alias"}, got)
}

// A DefaultContext goes into the batch, and Segment merges it into every event.
func TestSegmentMergesTheContextOfABatch(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		Destinations: []string{"Amplitude"}, Categories: map[string][]string{"analytics": {"Amplitude"}},
	})
	config := segment.Config()
	config.DefaultContext = categories(map[string]bool{"analytics": false})
	send(t, config, segment.WriteKey(),
		analytics.Track{UserId: "u", Event: "a"},
		analytics.Track{UserId: "u", Event: "b", Context: categories(map[string]bool{"analytics": true})})
	require.Contains(t, string(segment.RequireInbox(t, "Amplitude", 1)[0].JSON), `"event":"b"`)

	response := post(t, segment, "batch", nil, fmt.Sprintf(
		`{"writeKey":%q,"integrations":{"All":false},"batch":[{"type":"track","event":"c","userId":"u"},
			{"type":"track","event":"d","userId":"u","integrations":{"Amplitude":true}}]}`, segment.WriteKey()))
	require.Equal(t, 200, response.StatusCode)
	require.Contains(t, string(segment.RequireInbox(t, "Amplitude", 2)[1].JSON), `"event":"d"`)
	require.Len(t, segment.Discarded("Amplitude", segmenttest.FilteredByIntegrations), 1)
}

// Of a batch only the update of preferences is refused by itself.
func TestSegmentRefusesAnUpdateWithoutPreferencesAlone(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	send(t, segment.Config(), segment.WriteKey(),
		analytics.Track{UserId: "u", Event: consent.UpdateEvent},
		analytics.Track{UserId: "u", Event: "Ordered"})
	segment.RequireInbox(t, "Amplitude", 1)
	require.Equal(t, []segmenttest.Refusal{{Status: 400, Reason: "context.consent.categoryPreferences object is required"}}, segment.Refusals())
}

func TestSegmentRefusesTheWrongRegion(t *testing.T) {
	for _, test := range []struct {
		eu       bool
		endpoint string
		taken    bool
	}{
		{false, analytics.DefaultEndpoint, true},
		{false, consent.EndpointEU, false},
		{true, consent.EndpointEU, true},
		{true, analytics.DefaultEndpoint, false},
	} {
		t.Run(fmt.Sprint(test.eu, test.endpoint), func(t *testing.T) {
			segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}, EU: test.eu})
			config := quiet(segment)
			config.Endpoint = test.endpoint
			config.Transport = segment.Transport()
			send(t, config, segment.WriteKey(), order("u"))
			require.Equal(t, test.taken, len(segment.Inbox("Amplitude")) == 1)
			if !test.taken {
				require.Contains(t, segment.Refusals()[0].Reason, "another region")
			}
		})
	}
}

func TestTransportReachesSegmentAlone(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		WriteKey: "key", Destinations: []string{"Amplitude", "Hotjar"}, Categories: map[string][]string{"analytics": {"Amplitude"}},
	})
	client := http.Client{Transport: segment.Transport()}
	_, err := client.Post("https://example.com/v1/batch", "application/json", strings.NewReader("{}"))
	require.ErrorContains(t, err, `"example.com" is no host of Segment`)
	get := func(url string) (int, string) {
		response, err := client.Get(url)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, "*", response.Header.Get("Access-Control-Allow-Origin"))
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	const settings = `{"consentSettings":{"allCategories":["analytics"],"hasUnmappedDestinations":true},"integrations":{
		"Segment.io":{"apiKey":"key"},"Amplitude":{"consentSettings":{"categories":["analytics"]}},"Hotjar":{"consentSettings":{"categories":[]}}}}`
	for _, path := range []string{"/v1/projects/key/settings", "/projects/key/settings"} {
		status, body := get("https://cdn.segment.com" + path)
		require.Equal(t, 200, status)
		require.JSONEq(t, settings, body)
	}
	status, body := get("https://cdn.segment.com/v1/projects/key/integrations")
	require.Equal(t, 200, status)
	var catalogue []struct{ Name, CreationName string }
	require.NoError(t, json.Unmarshal([]byte(body), &catalogue))
	require.Equal(t, []struct{ Name, CreationName string }{{"Amplitude", "Amplitude"}, {"Hotjar", "Hotjar"}}, catalogue)
	status, _ = get("https://cdn.segment.com/v1/projects/other/settings")
	require.Equal(t, 404, status)
	require.Zero(t, segment.Requests(), "documents are no events")
}

func TestSegmentForgets(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{WriteKey: key, Keep: 2})
	for _, id := range []string{"1", "2", "2", "3", "1"} {
		post(t, segment, "track", nil, `{"writeKey":"key","event":"e","userId":"u","messageId":"`+id+`"}`)
		post(t, segment, "track", nil, `{"writeKey":"other `+id+`"}`)
	}
	var ids []string
	for _, a := range segment.RequireArrivals(t, 2) {
		ids = append(ids, a.MessageID)
		require.Equal(t, "track", a.Call)
	}
	require.Equal(t, []string{"3", "1"}, ids, "the latest; an id is forgotten with its event")
	require.Len(t, segment.Refusals(), 2)

	segment.Reset()
	require.Empty(t, segment.Arrivals())
	require.Empty(t, segment.Refusals())
	require.Zero(t, segment.Requests())
	post(t, segment, "t", nil, `{"writeKey":"key","event":"e","userId":"u","messageId":"3"}`)
	segment.RequireArrivals(t, 1)
}

// A program with a server of its own has the fake answer there.
func TestSegmentIsAHandler(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{
		WriteKey: key, Destinations: []string{"Amplitude", "Hotjar"}, Catalogue: map[string]string{"Hotjar": "Heatmaps"},
		Scripts: map[string]segmenttest.Script{"Hotjar": {URL: "https://example.com/h.js", Library: "hotjar"}},
	})
	segment.Script(segmenttest.Fault{Status: 500})
	segment.Stop()
	serve := func(method, path, body string) string {
		w := httptest.NewRecorder()
		segment.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		require.Equal(t, 200, w.Code, "%s: %s", path, w.Body)
		return w.Body.String()
	}
	serve("POST", "/v1/m", `{"series":[]}`) // how analytics.js fares
	serve("POST", "/v1/p", `{"writeKey":"key","userId":"u"}`)
	require.Equal(t, "p", segment.RequireArrivals(t, 1)[0].Call)
	require.Contains(t, serve("GET", "/v1/projects/key/integrations", ""), `"category":"Heatmaps"`)
	require.Contains(t, serve("GET", "/v1/projects/key/settings", ""), `"remotePlugins":[{"creationName":"Hotjar","libraryName":"hotjar",`)
}
