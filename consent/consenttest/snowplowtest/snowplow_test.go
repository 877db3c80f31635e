package snowplowtest_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
)

const id = "5a305bf5-32fc-40d9-b0e8-66052f0f2c95"

// post sends events, given as the JSON between the brackets.
func post(t testing.TB, s *snowplowtest.Snowplow, events string) int {
	t.Helper()
	body := `{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[` + events + `]}`
	return send(t, s.URL()+"/com.snowplowanalytics.snowplow/tp2", "application/json; charset=utf-8", body)
}

func send(t testing.TB, url, kind, body string) int {
	t.Helper()
	response, err := http.Post(url, kind, strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	return response.StatusCode
}

// selfDescribing returns an event with an entity, in either encoding.
func selfDescribing(encoded bool) string {
	event := `{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.example/a/jsonschema/1-0-0","data":{"n":1}}}`
	context := `{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[{"schema":"iglu:com.example/b/jsonschema/1-0-0","data":{"m":2}}]}`
	if encoded {
		return fmt.Sprintf(`{"e":"ue","p":"srv","tv":"t","eid":%q,"uid":"u","duid":"d","ue_px":%q,"cx":%q}`, id,
			base64.StdEncoding.EncodeToString([]byte(event)), base64.RawURLEncoding.EncodeToString([]byte(context)))
	}
	return fmt.Sprintf(`{"e":"ue","p":"srv","tv":"t","eid":%q,"uid":"u","duid":"d","ue_pr":%q,"co":%q}`, id, event, context)
}

func TestEventsOfEitherEncoding(t *testing.T) {
	for _, encoded := range []bool{true, false} {
		s := snowplowtest.New(t, snowplowtest.Pipeline{Destinations: []string{"Braze"}})
		require.Equal(t, 200, post(t, s, selfDescribing(encoded)))
		e := s.RequireInbox(t, "Braze", 1)[0]
		require.Equal(t, []string{id, "ue", "u", "d", "iglu:com.example/a/jsonschema/1-0-0", `{"n":1}`},
			[]string{e.ID, e.Type, e.UserID, e.DomainUser, e.Schema, string(e.Data)})
		require.JSONEq(t, `{"m":2}`, string(e.Entity("iglu:com.example/b/jsonschema/1-0-0")))
		require.Nil(t, e.Entity("iglu:com.example/c/jsonschema/1-0-0"))
		s.RequireNoFailures(t)
		e.Data[0], e.Fields["uid"] = 'x', "x"
		require.Equal(t, `{"n":1}u`, string(s.Events()[0].Data)+s.Events()[0].Fields["uid"], "they are copies")
	}
}

func TestPixel(t *testing.T) {
	s := snowplowtest.New(t, snowplowtest.Pipeline{})
	response, err := http.Get(s.URL() + "/i?e=pv&p=web&tv=t&url=https%3A%2F%2Fe.example%2F")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "https://e.example/", s.RequireEvents(t, 1)[0].Fields["url"])
}

// The collector takes what fails later, and tells nobody.
func TestFailedEvents(t *testing.T) {
	long := strings.Repeat("x", 256)
	for name, c := range map[string]struct{ event, want string }{
		"unknown parameter": {`{"e":"pv","p":"srv","tv":"t","nope":"1"}`, `no parameter "nope"`},
		"no tracker":        {`{"e":"pv","p":"srv"}`, "tv is missing"},
		"no type":           {`{"p":"srv","tv":"t"}`, "no type of event"},
		"platform":          {`{"e":"pv","p":"x","tv":"t"}`, "no platform"},
		"id":                {`{"e":"pv","p":"srv","tv":"t","eid":"1"}`, "eid is no UUID"},
		"its digits":        {`{"e":"pv","p":"srv","tv":"t","eid":"5a305bf5-32fc-40d9-b0e8-66052f0f2c9x"}`, "eid is no UUID"},
		"time":              {`{"e":"pv","p":"srv","tv":"t","ttm":"today"}`, "ttm is no timestamp"},
		"length":            {`{"e":"pv","p":"srv","tv":"t","uid":"` + long + `"}`, "uid has more than 255"},
		"no data":           {`{"e":"ue","p":"srv","tv":"t"}`, "ue_pr or ue_px is missing"},
		"no base64":         {`{"e":"ue","p":"srv","tv":"t","ue_px":"%"}`, "ue_px is not base64"},
		"no envelope":       {`{"e":"ue","p":"srv","tv":"t","ue_pr":"{}"}`, "no self-describing JSON"},
		"empty envelope":    {`{"e":"ue","p":"srv","tv":"t","ue_pr":"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0\",\"data\":{}}"}`, "an event or an entity is no"},
		"the schema":        {selfDescribing(true), "com.example/b/jsonschema/1-0-0: not today"},
		"a number":          {`{"e":1}`, "no array of events with texts"},
		"nothing":           {``, "no array of events"},
	} {
		s := snowplowtest.New(t, snowplowtest.Pipeline{Validate: func(schema string, _ []byte) error {
			if strings.Contains(schema, "/b/") {
				return errors.New("not today")
			}
			return nil
		}})
		require.Equal(t, 200, post(t, s, c.event), name)
		s.RequireEvents(t, 0)
		require.Len(t, s.Failures(), 1, name)
		require.Equal(t, 200, s.Failures()[0].Status, name)
		require.Contains(t, s.Failures()[0].Reason, c.want, name)
	}
	s := snowplowtest.New(t, snowplowtest.Pipeline{MaxBytes: 200})
	post200 := s.URL() + "/com.snowplowanalytics.snowplow/tp2"
	require.Equal(t, 200, send(t, post200, "text/plain", "{}"))
	require.Equal(t, 200, send(t, post200, "application/json", "?"))
	require.Equal(t, 200, send(t, post200, "application/json", `{"schema":"iglu:x"}`))
	require.Equal(t, 413, send(t, post200, "application/json", long))
	require.Equal(t, 404, send(t, s.URL()+"/v1/batch", "application/json", "{}"))
	require.Len(t, s.Failures(), 5)
}

func TestFaults(t *testing.T) {
	s := snowplowtest.New(t, snowplowtest.Pipeline{Keep: 1})
	until := make(chan struct{})
	close(until)
	s.Script(snowplowtest.Fault{Status: 503}, snowplowtest.Fault{Status: 302}, snowplowtest.Fault{Until: until})
	event := selfDescribing(true)
	require.Equal(t, 503, post(t, s, event))
	require.Equal(t, 200, post(t, s, event), "where the redirect leads")
	require.Empty(t, s.Events())
	require.Equal(t, 200, post(t, s, event))
	require.Equal(t, 200, post(t, s, event))
	s.RequireEvents(t, 1) // Keep
	require.Equal(t, 4, s.Requests())
	for _, f := range []snowplowtest.Fault{{Reset: true}, {Lost: true}} {
		s.Reset()
		s.Script(f)
		_, err := http.Post(s.URL()+"/com.snowplowanalytics.snowplow/tp2", "application/json",
			strings.NewReader(`{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[`+event+`]}`))
		require.Error(t, err)
		require.Equal(t, f.Lost, len(s.Events()) == 1)
	}
	s.Script(snowplowtest.Fault{Until: make(chan struct{})})
	done := make(chan error)
	go func() {
		_, err := http.Post(s.URL()+"/com.snowplowanalytics.snowplow/tp2", "application/json", strings.NewReader("{}"))
		done <- err
	}()
	for s.Requests() < 2 {
		// until it hangs
	}
	s.Stop()
	require.Error(t, <-done)
	s.Stop()
	_, err := http.Get(s.URL() + "/health")
	require.Error(t, err)
}

// A fakeT keeps what a test would be failed with.
type fakeT struct{ text string }

func (f *fakeT) Helper()        {}
func (f *fakeT) Cleanup(func()) {}
func (f *fakeT) Errorf(format string, args ...any) {
	f.text += fmt.Sprintf(format, args...)
}
func (f *fakeT) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}

func failed(require func(snowplowtest.TB)) (text string) {
	f := new(fakeT)
	defer func() {
		_ = recover()
		text = f.text
	}()
	require(f)
	return f.text
}

func TestRequirementsThatFail(t *testing.T) {
	s := snowplowtest.New(t, snowplowtest.Pipeline{Destinations: []string{"Braze"}})
	require.Contains(t, failed(func(t snowplowtest.TB) { s.RequireNoFailures(t) }), "proves nothing")
	require.Contains(t, failed(func(t snowplowtest.TB) { s.RequireEvents(t, 1) }), "is the client closed?")
	require.Contains(t, failed(func(t snowplowtest.TB) { s.RequireInbox(t, "Amplitude", 0) }), `does not feed "Amplitude"`)
	require.Equal(t, 200, post(t, s, selfDescribing(true)+`,{"e":"pv"}`))
	require.Contains(t, failed(func(t snowplowtest.TB) { s.RequireNoFailures(t) }), "failed with status 200: tv is missing")
	require.Contains(t, failed(func(t snowplowtest.TB) { s.RequireInbox(t, "Braze", 0) }), "Router.Destinations")
	require.Empty(t, s.Inbox("Amplitude"))
}

// A program may have a fake Snowplow as well.
func ExampleStart() {
	pipeline, err := snowplowtest.Start(snowplowtest.Pipeline{Destinations: []string{"Braze"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pipeline.Stop()

	body := `{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[
		{"e":"pv","p":"srv","tv":"golang-3.1.0","url":"https://shop.example/","uid":"u-1"},
		{"e":"pv","p":"srv","tv":"golang-3.1.0","url":"https://shop.example/","eid":"7"}]}`
	response, err := http.Post(pipeline.URL()+"/com.snowplowanalytics.snowplow/tp2", "application/json", strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = response.Body.Close()
	fmt.Println("the collector answered", response.StatusCode)
	for _, e := range pipeline.Inbox("Braze") {
		fmt.Println("Braze got a", e.Type, "of", e.UserID)
	}
	for _, f := range pipeline.Failures() {
		fmt.Println("failed:", f.Reason)
	}
	// Output:
	// the collector answered 200
	// Braze got a pv of u-1
	// failed: eid is no UUID
}
