package mparticle_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/mparticletest"
	"github.com/go-consent/segment/consent/mparticle"
)

var accept = consenttest.Grant("Analytics", "ads")

// silent is the Config for a fake, which logs nothing.
func silent(fake *mparticletest.Server) mparticle.Config {
	return mparticle.Config{
		Endpoint: fake.URL(), Key: fake.Key(), Secret: fake.Secret(), Interval: time.Hour,
		Logf: func(string, ...any) {}, RetryAfter: func(int) time.Duration { return time.Millisecond },
	}
}

// connected is the workspace that ruled describes.
var connected = mparticletest.Workspace{
	Connections: []mparticletest.Connection{{Output: "Amplitude", Purpose: "analytics"}, {Output: "Mixpanel", Purpose: "analytics"}, {Output: "Facebook Pixel", NoSale: true}},
	Purposes:    []string{"analytics", "ads"},
}

func newClient(t testing.TB, c mparticle.Config, o *consent.Options) *consent.Client {
	t.Helper()
	client, err := mparticle.New(c, ruled, policy, o)
	require.NoError(t, err)
	return client
}

func track(user string) analytics.Track { return analytics.Track{UserId: user, Event: "e"} }

func TestTypesArriveWithWhatTheyHave(t *testing.T) {
	fake := mparticletest.New(t, connected)
	config := silent(fake)
	config.Development, config.AnonymousID, config.Document, config.Location = true, "other_id_2", "v2", "example.com"
	client := newClient(t, config, nil)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	context := &analytics.Context{
		App: analytics.AppInfo{Name: "shop", Version: "1", Build: "2", Namespace: "com.example"}, Campaign: analytics.CampaignInfo{Source: "s"},
		Device:   analytics.DeviceInfo{Id: "d", AdvertisingID: "ad", Type: "ios", Manufacturer: "Apple", Model: "m", Name: "Jane's"},
		Location: analytics.LocationInfo{Latitude: 1.5, Longitude: 2.5, City: "Riga", Country: "LV", Region: "r"},
		Network:  analytics.NetworkInfo{Carrier: "c"}, OS: analytics.OSInfo{Version: "17"}, Screen: analytics.ScreenInfo{Width: 1, Height: 2},
		IP: net.IPv4(192, 0, 2, 1), Locale: "lv-LV", UserAgent: "ua", Traits: analytics.Traits{"t": 1}, Extra: map[string]any{"own": "x"},
	}
	visitor := client.With(consenttest.Grant("Analytics"))
	for _, m := range []analytics.Message{
		analytics.Track{MessageId: "1", AnonymousId: "a", UserId: "u", Event: "e", Timestamp: at, Context: context,
			Properties: analytics.Properties{"n": 1.5, "b": true, "s": "x", "nil": nil, "list": []any{1, "<"}, "object": map[string]int{"a": 1}}},
		&analytics.Page{MessageId: "2", AnonymousId: "a", Timestamp: at, Properties: analytics.Properties{"title": "Home"}},
		analytics.Screen{MessageId: "3", UserId: "u", Name: "Main", Timestamp: at},
		analytics.Identify{AnonymousId: "a", UserId: "u", Traits: analytics.Traits{"age": 7, "tags": []string{"a", "b"}, "address": map[string]any{"city": "Riga"}, "mixed": []any{[]int{1}}}},
	} {
		require.NoError(t, visitor.Enqueue(m))
	}
	require.NoError(t, client.Close())
	require.Empty(t, fake.Refusals())
	arrivals := fake.RequireArrivals(t, 4)
	var batch struct {
		Environment  string                               `json:"environment"`
		Identities   map[string]string                    `json:"user_identities"`
		Device       map[string]any                       `json:"device_info"`
		App          map[string]any                       `json:"application_info"`
		IP           string                               `json:"ip"`
		ConsentState map[string]map[string]map[string]any `json:"consent_state"`
		Attributes   map[string]any                       `json:"user_attributes"`
		Events       []struct{ Data json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(arrivals[0].Batch, &batch))
	require.Equal(t, "development", batch.Environment)
	require.Equal(t, map[string]string{"customer_id": "u", "other_id_2": "a"}, batch.Identities)
	require.Equal(t, map[string]any{"application_name": "shop", "application_version": "1", "application_build_number": "2", "package": "com.example"}, batch.App)
	require.Equal(t, map[string]any{
		"platform": "iOS", "device_manufacturer": "Apple", "device_model": "m", "os_version": "17", "screen_width": 1.0, "screen_height": 2.0,
		"locale_language": "lv", "locale_country": "LV", "network_carrier": "c", "http_header_user_agent": "ua",
	}, batch.Device)
	require.Equal(t, "192.0.2.1", batch.IP)
	for purposes, said := range map[string]map[string]any{
		"analytics":         batch.ConsentState["gdpr"]["analytics"],
		"ads":               batch.ConsentState["gdpr"]["ads"],
		"data_sale_opt_out": batch.ConsentState["ccpa"]["data_sale_opt_out"],
	} {
		require.Greater(t, said["timestamp_unixtime_ms"], 1.7e12)
		delete(said, "timestamp_unixtime_ms")
		require.Equal(t, map[string]any{"consented": purposes != "ads", "document": "v2", "location": "example.com"}, said, purposes)
	}
	require.JSONEq(t, `{
		"event_name": "e", "custom_event_type": "other", "source_message_id": "1", "timestamp_unixtime_ms": 1767323045000,
		"custom_attributes": {"n": 1.5, "b": true, "s": "x", "nil": null, "list": "[1,\"\\u003c\"]", "object": "{\"a\":1}"},
		"location": {"latitude": 1.5, "longitude": 2.5, "city_name": "Riga", "country_code": "LV", "region_code": "r"}
	}`, string(batch.Events[0].Data))
	for _, absent := range []string{"own", "Jane", `"ad"`, `"d"`, "campaign"} {
		require.NotContains(t, string(arrivals[0].Batch), absent)
	}
	require.Equal(t, []string{"e", "Home", "Main", ""}, []string{arrivals[0].Name, arrivals[1].Name, arrivals[2].Name, arrivals[3].Name})
	require.Equal(t, map[string]string{"other_id_2": "a"}, arrivals[1].Identities)
	require.Equal(t, "screen_view", arrivals[2].Type)
	batch.Attributes = nil
	require.NoError(t, json.Unmarshal(arrivals[3].Batch, &batch))
	require.Equal(t, map[string]any{"age": 7.0, "tags": []any{"a", "b"}, "address": `{"city":"Riga"}`, "mixed": "[[1]]"}, batch.Attributes)
	stored, ok := fake.Profile("customer_id", "u")
	require.True(t, ok)
	require.Equal(t, mparticletest.Consent{GDPR: map[string]bool{"analytics": true, "ads": false}, CCPA: map[string]bool{"data_sale_opt_out": true}}, stored)
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("secret") }

func attributes(n int) map[string]any {
	m := make(map[string]any)
	for i := range n {
		m[fmt.Sprint(i)] = i
	}
	return m
}

func with(value any) analytics.Track {
	return analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"secret": value}}
}

// What mParticle would cut off or drop without a word is an error of Enqueue, and no error
// holds anything of a message.
func TestWhatCannotLeaveIsRefused(t *testing.T) {
	cycle := map[string]any{}
	cycle["secret"] = cycle
	long := func(n int) string { return strings.Repeat("x", n) }
	identify := func(value any) analytics.Identify {
		return analytics.Identify{UserId: "u", Traits: analytics.Traits{"secret": value}}
	}
	list := func(n int, entry string) (list []string) {
		for range n {
			list = append(list, entry)
		}
		return list
	}
	fake := mparticletest.New(t, connected)
	client := newClient(t, silent(fake), nil)
	visitor := client.With(accept)
	for name, c := range map[string]struct {
		m    analytics.Message
		want error // nil: it arrives
	}{
		"no JSON":                       {with(math.NaN()), consent.ErrNoJSON},
		"a panic in its JSON":           {with(panics{}), consent.ErrNoJSON},
		"a cycle":                       {with(cycle), consent.ErrNoJSON},
		"a function among traits":       {identify(func() {}), consent.ErrNoJSON},
		"no number in the location":     {analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Location: analytics.LocationInfo{Latitude: math.Inf(1)}}}, consent.ErrNoJSON},
		"a name that is not UTF-8":      {analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"\xff": 1}}, consent.ErrNoJSON},
		"a user that is not UTF-8":      {track("secret\xff"), mparticle.ErrID},
		"a device that is not UTF-8":    {analytics.Track{AnonymousId: "secret\xff", Event: "e"}, mparticle.ErrID},
		"a group":                       {analytics.Group{UserId: "u", GroupId: "secret"}, mparticle.ErrUnsupported},
		"an alias":                      {analytics.Alias{UserId: "secret", PreviousId: "p"}, mparticle.ErrUnsupported},
		"a page without a name":         {analytics.Page{UserId: "secret"}, mparticle.ErrUnsupported},
		"100 attributes":                {analytics.Track{UserId: "u", Event: "e", Properties: attributes(100)}, nil},
		"101 attributes":                {analytics.Track{UserId: "u", Event: "e", Properties: attributes(101)}, mparticle.ErrLimit},
		"101 traits":                    {analytics.Identify{UserId: "u", Traits: attributes(101)}, mparticle.ErrLimit},
		"a long name":                   {analytics.Track{UserId: "u", Event: long(256)}, nil},
		"too long a name":               {analytics.Track{UserId: "u", Event: long(257)}, mparticle.ErrLimit},
		"too long a name of a screen":   {analytics.Screen{UserId: "u", Name: long(257)}, mparticle.ErrLimit},
		"a long name of an attribute":   {analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{long(256): 1}}, nil},
		"too long a name of one":        {analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{long(257): 1}}, mparticle.ErrLimit},
		"a long value":                  {with(long(4096)), nil},
		"a long value that is escaped":  {with(strings.Repeat("<", 4096)), nil},
		"too long a value":              {with(long(4097)), mparticle.ErrLimit},
		"too long outside the plane":    {with(strings.Repeat("\U0001F600", 2049)), mparticle.ErrLimit},
		"too long an object":            {with(map[string]string{"a": long(4096)}), mparticle.ErrLimit},
		"a long list":                   {identify(list(1000, "x")), nil},
		"too long a list":               {identify(list(1001, "x")), mparticle.ErrLimit},
		"a list with a long entry":      {identify(list(2, long(512))), nil},
		"a list with too long an entry": {identify(list(2, long(513))), mparticle.ErrLimit},
		"too large":                     {analytics.Identify{UserId: "u", Traits: analytics.Traits{"a": list(300, long(500))}}, analytics.ErrMessageTooBig},
	} {
		err := visitor.Enqueue(c.m)
		if c.want == nil {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), "secret", name)
	}
	require.NoError(t, client.Close())
	fake.RequireArrivals(t, 7)
	require.Empty(t, fake.Refusals())
	require.ErrorIs(t, visitor.Enqueue(track("u")), analytics.ErrClosed)
}

// An update of preferences stays home; what tells mParticle of an answer is an Identify.
func TestAnAnswerIsToldByAnIdentify(t *testing.T) {
	fake := mparticletest.New(t, connected)
	client := newClient(t, silent(fake), nil)
	require.NoError(t, client.With(accept).Enqueue(analytics.Identify{UserId: "u"}))
	require.NoError(t, client.Tell(consent.Answer{State: consenttest.Deny("Analytics", "ads"), UserID: "u"}))
	require.NoError(t, client.With(consenttest.Deny("Analytics", "ads")).Enqueue(analytics.Identify{UserId: "u"}))
	require.NoError(t, client.Close())
	fake.RequireArrivals(t, 2)
	fake.RequireInbox(t, "Amplitude", 1)
	stored, _ := fake.Profile("customer_id", "u")
	require.Equal(t, map[string]bool{"analytics": false, "ads": false}, stored.GDPR)
	require.Equal(t, map[string]bool{"data_sale_opt_out": true}, stored.CCPA)
}
