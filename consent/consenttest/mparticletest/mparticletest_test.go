package mparticletest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/mparticletest"
	"github.com/go-consent/segment/internal/failtest"
)

// post sends a body to the bulk endpoint, and returns the status and the body of the answer, or
// 0 if there was none.
func post(t *testing.T, s *mparticletest.Server, body string) (status int, answer string) {
	t.Helper()
	return send(t, s, http.MethodPost, "/v2/bulkevents", s.Key(), s.Secret(), body)
}

func send(t *testing.T, s *mparticletest.Server, method, path, key, secret, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	if key != "" {
		r.SetBasicAuth(key, secret)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// batch returns one of a user that says something of the purpose analytics, with an event.
func batch(user, consented string) string {
	state := ""
	if consented != "" {
		state = `"consent_state":{"gdpr":{"analytics":{"consented":` + consented + `,"timestamp_unixtime_ms":1}}},`
	}
	return `{"user_identities":{"customer_id":"` + user + `"},` + state +
		`"events":[{"event_type":"custom_event","data":{"event_name":"e","custom_event_type":"other","source_message_id":"m"}}]}`
}

func TestRulesLookAtTheStoredConsent(t *testing.T) {
	fake := mparticletest.New(t, mparticletest.Workspace{Connections: []mparticletest.Connection{
		{Output: "Amplitude", Purpose: "Analytics"}, {Output: "Facebook", NoSale: true}, {Output: "S3"},
	}})
	for i, c := range []struct {
		body            string
		amplitude, sold int
	}{
		{batch("u", ""), 0, 1},      // nothing is stored
		{batch("u", "true"), 1, 1},  // from this batch on
		{batch("u", ""), 1, 1},      // as it was
		{batch("v", ""), 0, 1},      // somebody else
		{batch("u", "false"), 0, 1}, // withdrawn
		{`{"user_identities":{"customer_id":"u"},"consent_state":{"ccpa":{"data_sale_opt_out":{"consented":true,"timestamp_unixtime_ms":1}}}}`, 0, 0},
		{batch("u", "true"), 1, 0}, // what a batch does not say stays
	} {
		before := [2]int{len(fake.Inbox("Amplitude")), len(fake.Inbox("Facebook"))}
		status, _ := post(t, fake, "["+c.body+"]")
		require.Equal(t, 202, status)
		require.Len(t, fake.Inbox("Amplitude"), before[0]+c.amplitude, "%d", i)
		require.Len(t, fake.Inbox("Facebook"), before[1]+c.sold, "%d", i)
		require.Len(t, fake.Inbox("S3"), i+1)
	}
	stored, ok := fake.Profile("customer_id", "u")
	require.True(t, ok)
	require.Equal(t, mparticletest.Consent{GDPR: map[string]bool{"analytics": true}, CCPA: map[string]bool{"data_sale_opt_out": true}}, stored)
	_, ok = fake.Profile("other", "u")
	require.False(t, ok)
	require.Equal(t, 7, fake.Requests())
}

func TestWhatIsNotDocumentedIsRefused(t *testing.T) {
	event := func(data string) string { return `{"events":[{"event_type":"custom_event","data":{` + data + `}}]}` }
	named := `"event_name":"e","custom_event_type":"other",`
	long := func(n int) string { return strings.Repeat("x", n) }
	numbered := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = strings.ReplaceAll(format, "#", fmt.Sprint(i))
		}
		return strings.Join(parts, ",")
	}
	for name, c := range map[string]struct {
		body, reason string // "": it is taken
	}{
		"no array":                {`{}`, "the body is no JSON array"},
		"no JSON":                 {`[`, "the body is no JSON array"},
		"no object":               {`[1]`, "a batch is not of the documented format, or has a field that is not"},
		"a field of the output":   {`[{"schema_version":2}]`, "a batch is not of the documented format, or has a field that is not"},
		"an environment":          {`[{"environment":"test"}]`, "the environment is neither production nor development"},
		"an identity":             {`[{"user_identities":{"name":"x"}}]`, "an identity is of an unknown type"},
		"100 batches":             {"[" + numbered(100, "{}") + "]", ""},
		"101 batches":             {"[" + numbered(101, "{}") + "]", "the request has more than 100 batches"},
		"101 events":              {`[{"events":[` + numbered(101, `{"event_type":"uninstall","data":{}}`) + `]}]`, "the request has more than 100 events"},
		"a large batch":           {`[{"ip":"` + long(128_000) + `"}]`, "a batch is over 128 KB"},
		"a large request":         {"[" + numbered(3, `{"ip":"`+long(90_000)+`"}`) + "]", "the request is over 256 KB"},
		"an event without a type": {`[{"events":[{"data":{}}]}]`, `Required event field "event_type" is missing or unknown`},
		"an event without data":   {`[{"events":[{"event_type":"uninstall"}]}]`, "a batch is not of the documented format, or has a field that is not"},
		"an event without a name": {"[" + event(`"custom_event_type":"other"`) + "]", "a custom_event has no event_name, or no known custom_event_type"},
		"an event of no kind":     {"[" + event(`"event_name":"e"`) + "]", "a custom_event has no event_name, or no known custom_event_type"},
		"a screen without a name": {`[{"events":[{"event_type":"screen_view","data":{}}]}]`, "a screen_view has no screen_name"},
		"a long name":             {"[" + event(`"custom_event_type":"other","event_name":"`+long(257)+`"`) + "]", "the name of an event has more than 256 characters"},
		"an object":               {"[" + event(named+`"custom_attributes":{"a":{}}`) + "]", "an attribute is no scalar, or has more than 4096 characters"},
		"a list":                  {"[" + event(named+`"custom_attributes":{"a":[1]}`) + "]", "an attribute is a list"},
		"a long value":            {"[" + event(named+`"custom_attributes":{"a":"`+long(4097)+`"}`) + "]", "an attribute is no scalar, or has more than 4096 characters"},
		"a long name of an attribute": {"[" + event(named+`"custom_attributes":{"`+long(257)+`":1}`) + "]",
			"the name of an attribute has more than 256 characters, or its value is no JSON"},
		"100 attributes":      {"[" + event(named+`"custom_attributes":{`+numbered(100, `"#":1`)+`}`) + "]", ""},
		"101 attributes":      {"[" + event(named+`"custom_attributes":{`+numbered(101, `"#":1`)+`}`) + "]", "there are more than 100 attributes"},
		"a list of a user":    {`[{"user_attributes":{"a":["x",1,null]}}]`, ""},
		"a list of objects":   {`[{"user_attributes":{"a":[{}]}}]`, "a list has more than 1000 entries, or one that is no scalar or has more than 512 characters"},
		"a long list":         {`[{"user_attributes":{"a":[` + numbered(1001, "1") + `]}}]`, "a list has more than 1000 entries, or one that is no scalar or has more than 512 characters"},
		"a long entry":        {`[{"user_attributes":{"a":["` + long(513) + `"]}}]`, "a list has more than 1000 entries, or one that is no scalar or has more than 512 characters"},
		"no time of consent":  {`[{"consent_state":{"gdpr":{"analytics":{"consented":true}}}}]`, "a purpose lacks consented or timestamp_unixtime_ms"},
		"no answer":           {`[{"consent_state":{"gdpr":{"analytics":{"timestamp_unixtime_ms":1}}}}]`, "a purpose lacks consented or timestamp_unixtime_ms"},
		"a capital":           {`[{"consent_state":{"gdpr":{"Analytics":{"consented":true,"timestamp_unixtime_ms":1}}}}]`, "a purpose is not in lower case"},
		"an unknown purpose":  {`[{"consent_state":{"gdpr":{"ads":{"consented":true,"timestamp_unixtime_ms":1}}}}]`, "a purpose is not defined in the workspace"},
		"another of the CCPA": {`[{"consent_state":{"ccpa":{"sale":{"consented":true,"timestamp_unixtime_ms":1}}}}]`, "the ccpa object has something else than data_sale_opt_out, or that lacks a field"},
		"another regulation":  {`[{"consent_state":{"lgpd":{}}}]`, "a batch is not of the documented format, or has a field that is not"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := mparticletest.New(t, mparticletest.Workspace{Purposes: []string{"analytics"}})
			status, answer := post(t, fake, c.body)
			if c.reason == "" {
				require.Equal(t, 202, status)
				require.Empty(t, fake.Refusals())
				return
			}
			require.Equal(t, 400, status)
			require.Contains(t, answer, `"errors":[{"code":"BAD_REQUEST"`)
			require.Equal(t, []mparticletest.Refusal{{Status: 400, Reason: c.reason}}, fake.Refusals())
			require.Empty(t, fake.Arrivals())
		})
	}
}

// Of a request with a batch that is taken, the answer is a success.
func TestOneBatchMayBeRefused(t *testing.T) {
	fake := mparticletest.New(t, mparticletest.Workspace{})
	status, answer := post(t, fake, "["+batch("u", "")+`,{"environment":"x"},`+batch("v", "")+"]")
	require.Equal(t, 202, status)
	require.Empty(t, answer)
	fake.RequireArrivals(t, 2)
	require.Equal(t, []mparticletest.Refusal{{Status: 202, Reason: "the environment is neither production nor development"}}, fake.Refusals())
}

func TestEndpointsAndCredentials(t *testing.T) {
	fake := mparticletest.New(t, mparticletest.Workspace{Key: "k", Secret: "s"})
	for name, c := range map[string]struct {
		method, path, key, secret string
		status                    int
	}{
		"bulk":            {"POST", "/v2/bulkevents", "k", "s", 400},
		"single":          {"POST", "/v2/events", "k", "s", 202},
		"no credentials":  {"POST", "/v2/events", "", "", 401},
		"another key":     {"POST", "/v2/events", "x", "s", 403},
		"another secret":  {"POST", "/v2/events", "k", "x", 403},
		"another path":    {"POST", "/v1/events", "k", "s", 404},
		"the wrong verb":  {"PUT", "/v2/events", "k", "s", 405},
		"a shifted colon": {"POST", "/v2/events", "k:", "s", 403},
	} {
		status, _ := send(t, fake, c.method, c.path, c.key, c.secret, batch("u", ""))
		require.Equal(t, c.status, status, name)
	}
	fake.RequireArrivals(t, 1)
}

func TestWhatComesTwiceIsDropped(t *testing.T) {
	fake := mparticletest.New(t, mparticletest.Workspace{})
	body := `[{"source_request_id":"r","user_identities":{"other":"a"}}]`
	for range 2 {
		status, _ := post(t, fake, body)
		require.Equal(t, 202, status)
	}
	require.Equal(t, map[string]string{"other": "a"}, fake.RequireArrivals(t, 1)[0].Identities)
}

func TestFaults(t *testing.T) {
	open := make(chan struct{})
	close(open)
	for name, c := range map[string]struct {
		fault   mparticletest.Fault
		status  int
		arrives int
	}{
		"none":        {mparticletest.Fault{}, 202, 1},
		"limited":     {mparticletest.Fault{Status: 429, RetryAfter: 2 * time.Second}, 429, 0},
		"unavailable": {mparticletest.Fault{Status: 503}, 503, 0},
		"broken":      {mparticletest.Fault{Break: true}, 0, 0},
		"released":    {mparticletest.Fault{Until: open}, 202, 1},
		"no response": {mparticletest.Fault{NoResponse: true}, 0, 1},
	} {
		fake := mparticletest.New(t, mparticletest.Workspace{})
		fake.Script(c.fault)
		status, _ := post(t, fake, "["+batch("u", "")+"]")
		require.Equal(t, c.status, status, name)
		fake.RequireArrivals(t, c.arrives)
		status, _ = post(t, fake, "["+batch("v", "")+"]")
		require.Equal(t, 202, status, "the script is over")
		require.Empty(t, fake.Refusals(), "a fault is none")
	}
}

func TestStopLetsGoOfWhatHangs(t *testing.T) {
	fake := mparticletest.New(t, mparticletest.Workspace{})
	fake.Script(mparticletest.Fault{Until: make(chan struct{})})
	done := make(chan int)
	go func() {
		status, _ := post(t, fake, "[]")
		done <- status
	}()
	require.Eventually(t, func() bool { return fake.Requests() == 1 }, time.Minute, time.Millisecond)
	fake.Stop()
	require.Zero(t, <-done)
	fake.Stop() // does nothing
}

func TestKeepForgetsTheOldest(t *testing.T) {
	fake := mparticletest.New(t, mparticletest.Workspace{Keep: 2})
	for _, user := range []string{"a", "b", "c"} {
		post(t, fake, "["+batch(user, "")+`,{"environment":"x"}]`)
	}
	arrivals := fake.RequireArrivals(t, 2)
	require.Equal(t, map[string]string{"customer_id": "b"}, arrivals[0].Identities)
	require.Len(t, fake.Refusals(), 2)
	clear(arrivals[0].Identities)
	require.NotEmpty(t, fake.Arrivals()[0].Identities, "it is a copy")
}

func TestRequireInboxSaysWhatBecameOfEachEvent(t *testing.T) {
	fake := mparticletest.New(t, mparticletest.Workspace{Connections: []mparticletest.Connection{{Output: "Amplitude", Purpose: "analytics"}}})
	const nothing = "\n\tno event arrived; is the client closed?"
	require.Equal(t, "mparticletest: nothing has arrived, which proves nothing; if nothing is to arrive, ask with RequireArrivals(t, 0)"+nothing,
		failtest.One(t, func(tb testing.TB) { fake.RequireInbox(tb, "Amplitude", 0) }))
	require.Equal(t, "mparticletest: 0 events arrived, want 1"+nothing, failtest.One(t, func(tb testing.TB) { fake.RequireArrivals(tb, 1) }))
	require.Equal(t, `mparticletest: there is no connection to "amplitude"`, failtest.One(t, func(tb testing.TB) { fake.RequireInbox(tb, "amplitude", 0) }))
	post(t, fake, "["+batch("u", "true")+","+batch("v", "")+`,{"user_identities":{"customer_id":"w"}},{"environment":"x"}]`)
	require.Equal(t, `mparticletest: 1 events were forwarded to Amplitude, want 2
	1. custom_event "e": forwarded
	2. custom_event "e": filtered by the rule on GDPR consent
	3. a batch without events "": filtered by the rule on GDPR consent
	refused with status 202: the environment is neither production nor development`,
		failtest.One(t, func(tb testing.TB) { fake.RequireInbox(tb, "Amplitude", 2) }))
	require.Equal(t, "m", fake.RequireInbox(t, "Amplitude", 1)[0].MessageID)
}
