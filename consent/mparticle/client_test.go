package mparticle_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
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

// outcomes collects what was told.
type outcomes struct {
	mu   sync.Mutex
	told []consent.Outcome
	who  []string
}

func (o *outcomes) add(m analytics.Message, told consent.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, told)
	o.who = append(o.who, idOf(m))
}

func TestEveryMessageHasAnOutcome(t *testing.T) {
	type fault = mparticletest.Fault
	ten := make([]fault, 10)
	for i := range ten {
		ten[i] = fault{Status: 503}
	}
	for name, c := range map[string]struct {
		script   []fault
		want     consent.Result
		err      string
		requests int
	}{
		"delivered":                  {nil, consent.Delivered, "", 1},
		"limited":                    {[]fault{{Status: 429}, {Status: 429}}, consent.Delivered, "", 3},
		"unavailable":                {[]fault{{Status: 503}}, consent.Delivered, "", 2},
		"for ever":                   {ten, consent.Failed, "mparticle: the server answered 503 Service Unavailable", 10},
		"broken":                     {[]fault{{Break: true}}, consent.Delivered, "", 2},
		"taken, and no answer":       {[]fault{{NoResponse: true}}, consent.Delivered, "", 2},
		"another key":                {[]fault{{Status: 403}}, consent.Failed, "mparticle: the server answered 403 Forbidden", 1},
		"no key":                     {[]fault{{Status: 401}}, consent.Failed, "mparticle: the server answered 401 Unauthorized", 1},
		"a redirect":                 {[]fault{{Status: 302}}, consent.Failed, "mparticle: the server answered 302 Found", 1},
		"200 is not what it says":    {[]fault{{Status: 200}}, consent.Failed, "mparticle: the server answered 200 OK", 1},
		"refused, and both halves":   {[]fault{{Status: 400}, {Status: 400}, {Status: 400}}, consent.Failed, "mparticle: the server answered 400 Bad Request", 3},
		"too large, and in halves":   {[]fault{{Status: 413}}, consent.Delivered, "", 3},
		"a half that is tried again": {[]fault{{Status: 400}, {Status: 503}}, consent.Delivered, "", 4},
	} {
		t.Run(name, func(t *testing.T) {
			fake := mparticletest.New(t, connected)
			fake.Script(c.script...)
			var o outcomes
			client := newClient(t, silent(fake), &consent.Options{OnOutcome: o.add})
			for _, user := range []string{"u", "v"} {
				require.NoError(t, client.With(accept).Enqueue(track(user)))
			}
			require.NoError(t, client.Flush(t.Context()))
			require.Zero(t, client.Stats().Pending())
			require.NoError(t, client.Close())
			require.Len(t, o.told, 2)
			for _, told := range o.told {
				require.Equal(t, c.want, told.Result)
				if c.err != "" {
					require.EqualError(t, told.Err, c.err)
				}
			}
			require.Equal(t, c.requests, fake.Requests())
			if c.want == consent.Delivered {
				fake.RequireArrivals(t, 2) // and no event twice
			}
			require.Empty(t, fake.Refusals())
		})
	}
}

// One batch that mParticle refuses does not take the others of its request with it.
func TestOneBadBatchIsFoundByHalves(t *testing.T) {
	var o outcomes
	requests := 0
	config := mparticle.Config{
		Pod: mparticle.EU1, Key: "key", Secret: "secret", Interval: time.Hour, Logf: func(string, ...any) {},
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			requests++
			body := readBody(t, r)
			require.Equal(t, "https://s2s.eu1.mparticle.com/v2/bulkevents", r.URL.String())
			if strings.Contains(body, `"customer_id":"5"`) {
				return &http.Response{StatusCode: 400, Body: http.NoBody}, nil
			}
			return &http.Response{StatusCode: 202, Body: http.NoBody}, nil
		}),
	}
	client := newClient(t, config, &consent.Options{OnOutcome: o.add})
	for i := range 8 {
		require.NoError(t, client.With(accept).Enqueue(analytics.Track{MessageId: fmt.Sprint(i), UserId: fmt.Sprint(i), Event: "e"}))
	}
	require.NoError(t, client.Close())
	require.Equal(t, 7, requests)
	require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7"}, o.who, "in order")
	for i, told := range o.told {
		require.Equal(t, i == 5, told.Result == consent.Failed)
	}
}

// What the bulk endpoint names in a 202 was not taken, though nobody says what it was.
func TestErrorsInASuccessAreTold(t *testing.T) {
	var o outcomes
	config := mparticle.Config{
		Pod: mparticle.US1, Key: "key", Secret: "secret", Logf: func(string, ...any) {},
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return response(202, `{"errors":[{"code":"BAD_REQUEST","message":"secret"}]}`), nil
		}),
	}
	client := newClient(t, config, &consent.Options{OnOutcome: o.add})
	require.NoError(t, client.With(accept).Enqueue(track("u")))
	require.NoError(t, client.Close())
	require.Equal(t, consent.Failed, o.told[0].Result)
	require.EqualError(t, o.told[0].Err, "mparticle: the server took the request and named errors in it")
}

func TestNewRefusesWhatIsWrong(t *testing.T) {
	good := mparticle.Config{Pod: mparticle.US1, Key: "k", Secret: "s"}
	change := func(f func(*mparticle.Config)) mparticle.Config {
		c := good
		f(&c)
		return c
	}
	outputs := func(o ...mparticle.Output) mparticle.Router { return mparticle.Router{Outputs: o} }
	for name, c := range map[string]struct {
		config mparticle.Config
		router mparticle.Router
		policy consent.Policy
		o      *consent.Options
	}{
		"no key":                      {change(func(c *mparticle.Config) { c.Key = "" }), ruled, policy, nil},
		"a colon in the key":          {change(func(c *mparticle.Config) { c.Key = "a:b" }), ruled, policy, nil},
		"no secret":                   {change(func(c *mparticle.Config) { c.Secret = "" }), ruled, policy, nil},
		"no pod":                      {change(func(c *mparticle.Config) { c.Pod = "" }), ruled, policy, nil},
		"an unknown pod":              {change(func(c *mparticle.Config) { c.Pod = "us3" }), ruled, policy, nil},
		"a pod and an endpoint":       {change(func(c *mparticle.Config) { c.Endpoint = "https://host" }), ruled, policy, nil},
		"no endpoint":                 {change(func(c *mparticle.Config) { c.Pod, c.Endpoint = "", "host" }), ruled, policy, nil},
		"an endpoint with a slash":    {change(func(c *mparticle.Config) { c.Pod, c.Endpoint = "", "https://host/" }), ruled, policy, nil},
		"an endpoint with a password": {change(func(c *mparticle.Config) { c.Pod, c.Endpoint = "", "https://u:p@host" }), ruled, policy, nil},
		"a login id":                  {change(func(c *mparticle.Config) { c.AnonymousID = "customer_id" }), ruled, policy, nil},
		"a negative interval":         {change(func(c *mparticle.Config) { c.Interval = -1 }), ruled, policy, nil},
		"no policy":                   {good, ruled, nil, nil},
		"no outputs":                  {good, mparticle.Router{}, policy, nil},
		"an output without a name":    {good, outputs(mparticle.Output{}), policy, nil},
		"an output twice":             {good, outputs(mparticle.Output{Name: "a"}, mparticle.Output{Name: "a"}), policy, nil},
		"a rule on no purpose":        {good, outputs(mparticle.Output{Name: "a", Purpose: "other"}), policy, nil},
		"a rule without a sale":       {good, outputs(mparticle.Output{Name: "a", NoSale: true}), policy, nil},
		"a sale of no category":       {good, mparticle.Router{Outputs: ruled.Outputs, Sale: []string{"Ads"}}, policy, nil},
		"a purpose of no category":    {good, mparticle.Router{Outputs: ruled.Outputs, Sale: ruled.Sale, Purposes: map[string]string{"Ads": "x"}}, policy, nil},
		"a router":                    {good, ruled, policy, &consent.Options{Router: consent.Segment{}}},
		"unenforced":                  {good, ruled, policy, &consent.Options{DangerouslySendUnchanged: func(analytics.Message, consent.Decision, consent.Reason) {}}},
		"a negative limit":            {good, ruled, policy, &consent.Options{MaxPending: -1}},
	} {
		_, err := mparticle.New(c.config, c.router, c.policy, c.o)
		require.ErrorIs(t, err, consent.ErrConfig, name)
	}
	client, err := mparticle.New(good, ruled, policy, nil)
	require.NoError(t, err)
	require.NoError(t, client.Close())
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
