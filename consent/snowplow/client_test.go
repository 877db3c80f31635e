package snowplow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
	"github.com/go-consent/segment/consent/snowplow"
	"github.com/go-consent/segment/destinations"
)

var (
	policy = destinations.MustCompile(destinations.Config{
		Categories: map[string][]string{"analytics": {"Snowplow", "Amplitude"}, "ads": {"Facebook Pixel"}},
	})
	accept = consenttest.Grant("analytics", "ads")
	router = snowplow.Router{Destinations: []string{"Snowplow", "Amplitude"}}
)

// at once is the pause of tests before another attempt.
func atOnce(int) time.Duration { return time.Millisecond }

func client(t testing.TB, p *snowplowtest.Snowplow, r snowplow.Router, policy consent.Policy, o *consent.Options) *consent.Client {
	t.Helper()
	c, err := snowplow.New(snowplow.Config{Collector: p.URL(), AppID: "shop", Namespace: "srv1", RetryAfter: atOnce,
		Schemas: map[string]string{"Order Completed": "iglu:com.example/order_completed/jsonschema/1-0-0"}}, r, policy, o)
	require.NoError(t, err)
	return c
}

func decoded(t *testing.T, text []byte) (value map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &value))
	return value
}

func TestSixTypesArriveWithEverythingTheyHave(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Validate: schemas(t)})
	c := client(t, pipeline, router, policy, nil)
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	const id = "5A305BF5-32FC-40D9-B0E8-66052F0F2C95"
	about := &analytics.Context{
		App: analytics.AppInfo{Name: "shop"}, IP: []byte{192, 0, 2, 1}, Locale: "lv", Timezone: "Europe/Riga", UserAgent: "ua",
		Screen: analytics.ScreenInfo{Width: 3, Height: 2}, Traits: analytics.Traits{"t": 1}, Extra: map[string]any{"own": "kept", "snowplow": "not ours"},
	}
	n := map[string]any{"n": 1.5}
	for _, m := range []analytics.Message{
		analytics.Track{MessageId: id, AnonymousId: "a", UserId: "u", Event: "Order Completed", Timestamp: at, Properties: n, Context: about},
		analytics.Track{MessageId: "2", AnonymousId: "a", UserId: "u", Event: "e", Timestamp: at, Properties: n},
		&analytics.Identify{MessageId: "3", AnonymousId: "a", UserId: "u", Timestamp: at, Traits: n},
		analytics.Page{MessageId: "4", AnonymousId: "a", UserId: "u", Name: "n", Timestamp: at,
			Properties: analytics.Properties{"url": "https://example.com/x", "title": "T", "referrer": "https://r.example/", "n": 1.5}},
		analytics.Page{MessageId: "5", AnonymousId: "a", UserId: "u", Name: "n", Properties: n},
		analytics.Screen{MessageId: "6", AnonymousId: "a", UserId: "u", Name: "n", Properties: n},
		analytics.Screen{MessageId: "7", AnonymousId: "a", UserId: "u", Properties: n},
		analytics.Group{MessageId: "8", AnonymousId: "a", UserId: "u", GroupId: "g", Traits: n},
		&analytics.Alias{MessageId: "9", UserId: "u", PreviousId: "p"},
	} {
		require.NoError(t, c.With(accept).Enqueue(m))
	}
	require.NoError(t, c.Close())
	require.EqualValues(t, 9, c.Stats().Delivered)
	pipeline.RequireNoFailures(t)
	events := make(map[string]snowplowtest.Event)
	for _, e := range pipeline.RequireEvents(t, 9) {
		require.Equal(t, "u", e.UserID)
		require.Equal(t, []string{"shop", "srv1", "srv"}, []string{e.Fields["aid"], e.Fields["tna"], e.Fields["p"]})
		key := e.Type + e.Schema
		if e.Schema == "" && e.Entity("iglu:com.segment/page/jsonschema/2-0-0") == nil {
			key += "?"
		}
		events[key] = e
	}
	order := events["ueiglu:com.example/order_completed/jsonschema/1-0-0"]
	require.Equal(t, "5a305bf5-32fc-40d9-b0e8-66052f0f2c95", order.ID)
	require.JSONEq(t, `{"n":1.5}`, string(order.Data))
	for field, want := range map[string]string{
		"duid": "a", "ip": "192.0.2.1", "lang": "lv", "tz": "Europe/Riga", "ua": "ua", "res": "3x2", "ttm": "1767323045000",
	} {
		require.Equal(t, want, order.Fields[field], field)
	}
	require.JSONEq(t, `{"app":{"name":"shop"},"locale":"lv","timezone":"Europe/Riga","screen":{"width":3,"height":2},"traits":{"t":1},"own":"kept"}`,
		string(order.Entity("iglu:com.segment/context/jsonschema/1-0-0")))

	both := func(type_, id string, more map[string]any) map[string]any {
		m := map[string]any{"type": type_, "messageId": id, "anonymousId": "a", "userId": "u"}
		for key, value := range more {
			m[key] = value
		}
		return m
	}
	when := "2026-01-02T03:04:05.0000006Z"
	for key, want := range map[string]map[string]any{
		"ueiglu:com.segment/track/jsonschema/1-0-0":    both("track", "2", map[string]any{"event": "e", "timestamp": when, "properties": n}),
		"ueiglu:com.segment/identify/jsonschema/1-0-0": both("identify", "3", map[string]any{"timestamp": when, "traits": n}),
		"ueiglu:com.segment/page/jsonschema/2-0-0":     both("page", "5", map[string]any{"name": "n", "properties": n}),
		"ueiglu:com.segment/screen/jsonschema/2-0-0":   both("screen", "7", map[string]any{"properties": n}),
		"ueiglu:com.segment/group/jsonschema/2-0-0":    both("group", "8", map[string]any{"groupId": "g", "traits": n}),
		"ueiglu:com.segment/alias/jsonschema/2-0-0":    {"type": "alias", "messageId": "9", "userId": "u", "previousId": "p"},
	} {
		require.Equal(t, want, decoded(t, events[key].Data), key)
	}
	view := events["pv"]
	require.Equal(t, []string{"https://example.com/x", "T", "https://r.example/"}, []string{view.Fields["url"], view.Fields["page"], view.Fields["refr"]})
	require.Equal(t, both("page", "4", map[string]any{"name": "n", "timestamp": when, "properties": n}),
		decoded(t, view.Entity("iglu:com.segment/page/jsonschema/2-0-0")))
	screen := events["ueiglu:com.snowplowanalytics.snowplow/screen_view/jsonschema/1-0-0"]
	require.JSONEq(t, `{"name":"n"}`, string(screen.Data))
	require.Equal(t, both("screen", "6", map[string]any{"name": "n", "properties": n}),
		decoded(t, screen.Entity("iglu:com.segment/screen/jsonschema/2-0-0")))
}
