package consenttest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

func categories(preferences map[string]bool) *analytics.Context {
	return &analytics.Context{Extra: map[string]any{"consent": map[string]any{"categoryPreferences": preferences}}}
}

// quiet is a configuration that keeps the faults of a test out of its output.
func quiet(segment *consenttest.Segment) analytics.Config {
	config := segment.Config()
	config.Logger = analytics.StdLogger(log.New(io.Discard, "", 0))
	return config
}

// send sends messages with a client of analytics-go, and waits until they are there.
func send(t *testing.T, config analytics.Config, key string, messages ...analytics.Message) {
	t.Helper()
	client, err := analytics.NewWithConfig(key, config)
	require.NoError(t, err)
	for _, m := range messages {
		require.NoError(t, client.Enqueue(m))
	}
	require.NoError(t, client.Close())
}

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
	b, err := os.ReadFile("../../destinations/testdata/enforcement.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &table))
	require.Len(t, table.Rows, 15)
	for _, row := range table.Rows {
		t.Run(row.ID, func(t *testing.T) {
			segment := consenttest.NewSegment(t, consenttest.Workspace{Destinations: table.Destinations, Categories: row.Mapping})
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
	segment := consenttest.NewSegment(t, consenttest.Workspace{
		Destinations: []string{"Amplitude", "Braze", "Hotjar", "Snowflake", "Amazon S3"},
		Former:       map[string][]string{"Braze": {"Appboy"}},
		Categories:   map[string][]string{"analytics": {"Amplitude", "Hotjar", "Snowflake", "Amazon S3"}, "session": {"Hotjar"}},
	})
	send(t, segment.Config(), segment.WriteKey(),
		analytics.Track{MessageId: "1", UserId: "u", Event: "a", Context: categories(map[string]bool{"analytics": true}),
			Integrations: integrations{"Amplitude": false, "Warehouses": map[string]any{"all": false}}},
		analytics.Track{MessageId: "2", UserId: "u", Event: "b", Context: categories(map[string]bool{"analytics": false, "session": true}),
			Integrations: integrations{"Amplitude": false, "Appboy": false}})

	require.Len(t, segment.Discarded("Amplitude", consenttest.FilteredByIntegrations), 1)
	require.Len(t, segment.Discarded("Amplitude", consenttest.FilteredByConsent), 1, "consent is looked at first")
	require.Len(t, segment.Discarded("Hotjar", consenttest.FilteredByConsent), 2, "it needs both categories")
	segment.RequireInbox(t, "Braze", 1)
	segment.RequireInbox(t, "Snowflake", 1)
	segment.RequireInbox(t, "Amazon S3", 2)
	require.Empty(t, segment.Discarded("Nothing", ""))
}

func TestSegmentTakesEveryType(t *testing.T) {
	segment := consenttest.NewSegment(t, consenttest.Workspace{Destinations: []string{"Amplitude"}})
	send(t, segment.Config(), segment.WriteKey(), messages()[:6]...)
	var got []string
	for _, a := range segment.Inbox("Amplitude") {
		got = append(got, a.Type)
		require.True(t, json.Valid(a.JSON))
	}
	require.Equal(t, []string{"track", "identify", "page", "screen", "group", "alias"}, got)
}

// A DefaultContext goes into the batch, and Segment merges it into every event.
func TestSegmentMergesTheContextOfABatch(t *testing.T) {
	segment := consenttest.NewSegment(t, consenttest.Workspace{
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
	require.Len(t, segment.Discarded("Amplitude", consenttest.FilteredByIntegrations), 1)
}

func post(t *testing.T, s *consenttest.Segment, call string, header http.Header, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequest("POST", s.URL()+"/v1/"+call, strings.NewReader(body))
	require.NoError(t, err)
	if header != nil {
		r.Header = header
	}
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	response.Body.Close()
	return response
}

func compressed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

func TestSegmentRefuses(t *testing.T) {
	const key = "key"
	event := func(extra string) string {
		return `{"type":"track","event":"e","userId":"u","messageId":"1"` + extra + `}`
	}
	batch := func(events ...string) string {
		return `{"writeKey":"key","batch":[` + strings.Join(events, ",") + `]}`
	}
	zipped := http.Header{"Content-Encoding": {"gzip"}}
	spaces := strings.Repeat(" ", 500<<10)
	for _, test := range []struct {
		name, call string
		header     http.Header
		body       string
		status     int
		reason     string // "": taken
	}{
		{"a batch", "batch", nil, batch(event("")), 200, ""},
		{"gzip", "batch", zipped, compressed(batch(event(""))), 200, ""},
		{"an empty batch", "batch", nil, batch(), 200, ""},
		{"a single call", "track", nil, event(`,"writeKey":"key"`), 200, ""},
		{"a short path", "p", nil, event(`,"writeKey":"key"`), 200, ""},
		{"an unknown call", "import", nil, batch(), 404, "there is no /v1/import"},
		{"no key", "batch", nil, `{"batch":[]}`, 401, "the write key is not that of the source"},
		{"a wrong key", "batch", http.Header{"Authorization": {"Basic b3RoZXI6"}}, batch(), 401, "the write key is not that of the source"},
		{"no JSON", "batch", nil, "{", 400, "the body is not JSON of a batch or an event"},
		{"no gzip", "batch", zipped, batch(), 400, "the body is not gzip"},
		{"cut gzip", "batch", zipped, compressed(batch())[:20], 400, "the body cannot be read"},
		{"another encoding", "batch", http.Header{"Content-Encoding": {"br"}}, batch(), 400, "the body is of an unknown encoding"},
		{"over 500 KB", "batch", nil, batch(event("")) + spaces, 400, "the body is over 500 KB"},
		{"over 500 KB when unpacked", "batch", zipped, compressed(batch(event("")) + spaces), 400, "the body is over 500 KB"},
		{"over 500 KB of gzip with nothing in it", "batch", zipped, strings.Repeat(compressed(""), 30_000), 400, "the body cannot be read"},
		{"too many events", "batch", nil, batch(strings.Split(strings.Repeat("{} ", 2501), " ")[:2501]...), 400, "the batch has more than 2500 events"},
		{"an event over 32 KB", "batch", nil, batch(event(`,"x":"` + strings.Repeat("x", 32<<10) + `"`)), 400, "an event is over 32 KB"},
		{"a single event over 32 KB", "track", nil, event(`,"writeKey":"key","x":"` + strings.Repeat("x", 32<<10) + `"`), 400, "an event is over 32 KB"},
		{"an event that is no object", "batch", nil, batch(`[]`), 400, "an event is not an object with the fields of the specification"},
		{"null", "batch", nil, batch(`null`), 400, "an event is of no known type"},
		{"a short type", "batch", nil, batch(`{"type":"t","userId":"u"}`), 400, "an event is of no known type"},
		{"nobody", "batch", nil, batch(`{"type":"track","event":"e"}`), 400, "no_user_anon_id: an event has neither userId nor anonymousId"},
		{"a long id", "batch", nil, batch(`{"type":"page","userId":"u","messageId":"` + strings.Repeat("1", 100) + `"}`), 400, "a messageId has 100 characters or more"},
		{"malformed integrations", "batch", nil, batch(event(`,"integrations":[]`)), 400, "an event has a malformed consent or integrations object"},
		{"one bad event refuses the batch", "batch", nil, batch(event(""), `{"type":"x","userId":"u"}`), 400, "an event is of no known type"},
		{"an update without preferences", "track", nil, `{"writeKey":"key","event":"Segment Consent Preference Updated","userId":"u","context":{"consent":{}}}`,
			400, "context.consent.categoryPreferences object is required"},
		{"an update with preferences", "track", nil, `{"writeKey":"key","event":"Segment Consent Preference Updated","userId":"u","context":{"consent":{"categoryPreferences":{"a":true}}}}`,
			200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			segment := consenttest.NewSegment(t, consenttest.Workspace{WriteKey: key})
			require.Equal(t, test.status, post(t, segment, test.call, test.header.Clone(), test.body).StatusCode)
			if test.reason == "" {
				require.Empty(t, segment.Refusals())
				return
			}
			require.Equal(t, []consenttest.Refusal{{Status: test.status, Reason: test.reason}}, segment.Refusals())
			require.Empty(t, segment.Arrivals())
		})
	}
}

// Of a batch only the update of preferences is refused by itself.
func TestSegmentRefusesAnUpdateWithoutPreferencesAlone(t *testing.T) {
	segment := consenttest.NewSegment(t, consenttest.Workspace{Destinations: []string{"Amplitude"}})
	send(t, segment.Config(), segment.WriteKey(),
		analytics.Track{UserId: "u", Event: consent.UpdateEvent},
		analytics.Track{UserId: "u", Event: "Ordered"})
	segment.RequireInbox(t, "Amplitude", 1)
	require.Equal(t, []consenttest.Refusal{{Status: 400, Reason: "context.consent.categoryPreferences object is required"}}, segment.Refusals())
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
			segment := consenttest.NewSegment(t, consenttest.Workspace{Destinations: []string{"Amplitude"}, EU: test.eu})
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
	segment := consenttest.NewSegment(t, consenttest.Workspace{
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

// serving lists the goroutines of servers and handlers of this package.
func serving() (stacks []string) {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "net/http.(*conn).serve") || strings.Contains(stack, "(*Segment).") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

func TestSegmentLeavesNoGoroutines(t *testing.T) {
	t.Run("use", func(t *testing.T) {
		segment := consenttest.NewSegment(t, consenttest.Workspace{Destinations: []string{"Amplitude"}})
		never := make(chan struct{})
		segment.Script(consenttest.Fault{Until: never}, consenttest.Fault{Delay: time.Hour})
		for range 2 {
			go func() {
				response, err := http.Post(segment.URL()+"/v1/batch", "application/json", strings.NewReader("{}"))
				if err == nil {
					response.Body.Close()
					t.Error("a request that hung was answered")
				}
				never <- struct{}{}
			}()
		}
		for segment.Requests() < 2 {
			runtime.Gosched()
		}
		segment.Stop()
		<-never
		<-never
		segment.Stop() // again, as the end of the test does
	})
	// A goroutine that has said it is done may still have an instruction left.
	for deadline := time.Now().Add(10 * time.Second); len(serving()) > 0 && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	require.Empty(t, serving())
}
