package snowplow_test

import (
	"bytes"
	"errors"
	"io"
	"log"
	"math"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
	"github.com/go-consent/segment/consent/snowplow"
)

var track = analytics.Track{UserId: "secret", Event: "secret", Properties: analytics.Properties{"secret": "secret"}}

// A heard keeps outcomes.
type heard struct {
	mu       sync.Mutex
	outcomes []consent.Outcome
}

func (h *heard) options() *consent.Options {
	return &consent.Options{OnOutcome: func(_ analytics.Message, o consent.Outcome) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.outcomes = append(h.outcomes, o)
	}}
}

// A transport is an http.RoundTripper of a test.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// quietly fails the test if package log prints anything meanwhile.
func quietly(t *testing.T) {
	var printed bytes.Buffer
	before := log.Writer()
	log.SetOutput(&printed)
	t.Cleanup(func() {
		log.SetOutput(before)
		require.Empty(t, printed.String())
	})
}

func TestFailuresOfTheCollector(t *testing.T) {
	repeat := func(f snowplowtest.Fault, n int) (faults []snowplowtest.Fault) {
		for range n {
			faults = append(faults, f)
		}
		return faults
	}
	for name, c := range map[string]struct {
		faults   []snowplowtest.Fault
		requests int
		arrived  int
		err      string
	}{
		"503 once":            {repeat(snowplowtest.Fault{Status: 503}, 1), 2, 1, ""},
		"503 for ever":        {repeat(snowplowtest.Fault{Status: 503}, 20), 10, 0, "the collector answered 503 Service Unavailable"},
		"429 once":            {repeat(snowplowtest.Fault{Status: 429}, 1), 2, 1, ""},
		"404":                 {repeat(snowplowtest.Fault{Status: 404}, 1), 1, 0, "the collector answered 404 Not Found"},
		"a redirect":          {repeat(snowplowtest.Fault{Status: 302}, 1), 1, 0, "the collector answered 302 Found"},
		"the connection":      {repeat(snowplowtest.Fault{Reset: true}, 2), 3, 1, ""},
		"the answer, for all": {repeat(snowplowtest.Fault{Lost: true}, 1), 2, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			quietly(t)
			pipeline := snowplowtest.New(t, snowplowtest.Pipeline{})
			pipeline.Script(c.faults...)
			told := make(chan consent.Outcome, 1)
			cl := client(t, pipeline, router, policy, &consent.Options{OnOutcome: func(m analytics.Message, o consent.Outcome) {
				told <- o
			}})
			require.NoError(t, cl.With(accept).Enqueue(track))
			o := <-told
			require.NoError(t, cl.Close())
			require.Equal(t, c.requests, pipeline.Requests())
			events := pipeline.RequireEvents(t, c.arrived)
			for _, e := range events {
				require.Equal(t, events[0].ID, e.ID, "a duplicate can be found")
			}
			if c.err == "" {
				require.Equal(t, consent.Delivered, o.Result)
				return
			}
			require.Equal(t, consent.Failed, o.Result)
			require.EqualError(t, o.Err, c.err)
		})
	}
}

func TestFailuresOfATransport(t *testing.T) {
	for name, c := range map[string]struct {
		send transport
		err  string
	}{
		"an error": {func(*http.Request) (*http.Response, error) { return nil, errors.New("secret") }, "the transport failed with a *errors.errorString"},
		"a panic":  {func(*http.Request) (*http.Response, error) { panic("secret") }, "the transport panicked with a string"},
		"nothing":  {func(*http.Request) (*http.Response, error) { return nil, nil }, "the request had no outcome"},
		"its end":  {func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }, "the request had no outcome"},
		"too late": {func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, "the collector did not answer in time"},
		"no body":  {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 400}, nil }, "the collector answered 400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			quietly(t)
			var h heard
			cl, err := snowplow.New(snowplow.Config{Collector: "https://c.example", Transport: c.send, RetryAfter: func(int) time.Duration { panic("secret") },
				Timeout: time.Millisecond}, router, policy, h.options())
			require.NoError(t, err)
			require.NoError(t, cl.With(accept).Enqueue(track))
			require.NoError(t, cl.Close())
			require.Len(t, h.outcomes, 1)
			require.Equal(t, consent.Failed, h.outcomes[0].Result)
			require.EqualError(t, h.outcomes[0].Err, c.err)
			require.Zero(t, cl.Stats().Pending())
		})
	}
}

func TestWhatThePipelineWouldRefuseIsRefused(t *testing.T) {
	quietly(t)
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{Validate: schemas(t)})
	cl := client(t, pipeline, router, policy, nil)
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		message analytics.Message
		err     error
	}{
		"UserId":       {analytics.Track{UserId: long(256), Event: "e"}, snowplow.ErrField},
		"in UTF-16":    {analytics.Track{UserId: strings.Repeat("😀", 128), Event: "e"}, snowplow.ErrField},
		"not UTF-8":    {analytics.Track{UserId: "a\xff", Event: "e"}, snowplow.ErrField},
		"AnonymousId":  {analytics.Track{AnonymousId: long(129), Event: "e"}, snowplow.ErrField},
		"MessageId":    {analytics.Track{UserId: "u", MessageId: long(101), Event: "e"}, snowplow.ErrField},
		"Event":        {analytics.Track{UserId: "u", Event: long(256)}, snowplow.ErrField},
		"Name":         {analytics.Screen{UserId: "u", Name: long(256)}, snowplow.ErrField},
		"GroupId":      {analytics.Group{UserId: "u", GroupId: long(256)}, snowplow.ErrField},
		"PreviousId":   {analytics.Alias{UserId: "u", PreviousId: long(101)}, snowplow.ErrField},
		"the URL":      {analytics.Page{UserId: "u", Properties: analytics.Properties{"url": "https://e.example/" + long(4096)}}, snowplow.ErrField},
		"the title":    {analytics.Page{UserId: "u", Properties: analytics.Properties{"url": "https://e.example/", "title": long(2001)}}, snowplow.ErrField},
		"the referrer": {analytics.Page{UserId: "u", Context: &analytics.Context{Page: analytics.PageInfo{URL: "https://e.example/", Referrer: long(4097)}}}, snowplow.ErrField},
		"a trait":      {analytics.Identify{UserId: "u", Traits: analytics.Traits{"name": long(256)}}, snowplow.ErrField},
		"no text":      {analytics.Identify{UserId: "u", Traits: analytics.Traits{"email": nil}}, snowplow.ErrField},
		"no address":   {analytics.Identify{UserId: "u", Traits: analytics.Traits{"address": "secret"}}, snowplow.ErrField},
		"a city":       {analytics.Identify{UserId: "u", Traits: analytics.Traits{"address": map[string]any{"city": 1}}}, snowplow.ErrField},
		"a property":   {analytics.Page{UserId: "u", Properties: analytics.Properties{"title": 1}}, snowplow.ErrField},
		"of a view":    {analytics.Page{UserId: "u", Properties: analytics.Properties{"title": 1, "url": "https://e.example/"}}, snowplow.ErrField},
		"Locale":       {analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Locale: long(256)}}, snowplow.ErrField},
		"Timestamp":    {analytics.Track{UserId: "u", Event: "e", Timestamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, snowplow.ErrField},
		"no JSON":      {analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"secret": math.NaN()}}, consent.ErrNoJSON},
		"a schema's":   {analytics.Track{UserId: "u", Event: "Order Completed", Properties: analytics.Properties{"secret": make(chan int)}}, consent.ErrNoJSON},
		"panics":       {analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{Traits: analytics.Traits{"secret": panics{}}}}, consent.ErrNoJSON},
		"too big":      {analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"secret": long(120_000)}}, analytics.ErrMessageTooBig},
	} {
		err := cl.With(accept).Enqueue(c.message)
		require.ErrorIs(t, err, c.err, name)
		require.NotContains(t, err.Error(), "secret", name)
		require.NotContains(t, err.Error(), "xxx", name)
	}
	for _, m := range []analytics.Message{
		analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"name": 1, "email": nil, "title": 2}},
		analytics.Identify{UserId: "u", Traits: analytics.Traits{"Name": 1, "title": nil, "address": map[string]any{"city": "Riga", "floor": 2}}},
	} {
		require.NoError(t, cl.With(accept).Enqueue(m), "of these the schemas say nothing")
	}
	require.NoError(t, cl.With(accept).Enqueue(analytics.Track{UserId: "u", Event: "e", Context: &analytics.Context{UserAgent: strings.Repeat("😀", 1000)}}))
	require.NoError(t, cl.Close())
	pipeline.RequireNoFailures(t)
	for _, e := range pipeline.RequireEvents(t, 3) {
		if ua := e.Fields["ua"]; ua != "" {
			require.Equal(t, strings.Repeat("😀", 500), ua, "a visitor who sends a long one is told of all the same")
		}
	}
	require.ErrorIs(t, cl.With(accept).Enqueue(track), analytics.ErrClosed)
	require.ErrorIs(t, cl.Close(), analytics.ErrClosed)
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("secret") }

func TestFullQueue(t *testing.T) {
	for name, limit := range map[string]snowplow.Config{"messages": {MaxPending: 3}, "bytes": {MaxPendingBytes: 3 * 900}} {
		pipeline := snowplowtest.New(t, snowplowtest.Pipeline{})
		until := make(chan struct{})
		for range 10 {
			pipeline.Script(snowplowtest.Fault{Until: until})
		}
		limit.Collector = pipeline.URL()
		cl, err := snowplow.New(limit, router, policy, nil)
		require.NoError(t, err)
		for err == nil {
			err = cl.With(accept).Enqueue(track)
		}
		require.ErrorIs(t, err, consent.ErrFull)
		pending := cl.Stats().Pending()
		require.GreaterOrEqual(t, pending, uint64(2), name)
		require.Less(t, pending, uint64(6), name)
		close(until)
		require.NoError(t, cl.Close())
		require.Equal(t, pending, cl.Stats().Delivered, name)
		require.EqualValues(t, 1, cl.Stats().Refused, name)
	}
}

// What has its outcome makes room.
func TestQueueIsFreed(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{})
	for _, limit := range []snowplow.Config{{MaxPending: 1}, {MaxPendingBytes: 1}} {
		limit.Collector = pipeline.URL()
		told := make(chan consent.Outcome, 1)
		cl, err := snowplow.New(limit, router, policy, &consent.Options{OnOutcome: func(_ analytics.Message, o consent.Outcome) { told <- o }})
		require.NoError(t, err)
		for range 5 {
			require.NoError(t, cl.With(accept).Enqueue(track))
			require.Equal(t, consent.Delivered, (<-told).Result)
		}
		require.NoError(t, cl.Close())
	}
}

func TestAfterCloseARequestHasOneMoreAttempt(t *testing.T) {
	attempts := make(chan bool, 20)
	cl, err := snowplow.New(snowplow.Config{Collector: "https://c.example", RetryAfter: func(int) time.Duration { return time.Hour },
		Transport: transport(func(*http.Request) (*http.Response, error) {
			attempts <- true
			return &http.Response{StatusCode: 503}, nil
		})}, router, policy, nil)
	require.NoError(t, err)
	require.NoError(t, cl.With(accept).Enqueue(track))
	<-attempts
	require.NoError(t, cl.Close())
	require.LessOrEqual(t, len(attempts), 1)
	require.EqualValues(t, 1, cl.Stats().Failed)
}

// An OnOutcome that ends the goroutine, as a failed test does, loses nobody else's outcome.
func TestOnOutcomeThatEndsTheGoroutine(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{})
	cl := client(t, pipeline, router, policy, &consent.Options{OnOutcome: func(analytics.Message, consent.Outcome) { runtime.Goexit() }})
	for range 50 {
		require.NoError(t, cl.With(accept).Enqueue(track))
	}
	require.NoError(t, cl.Close())
	require.EqualValues(t, 50, cl.Stats().Delivered)
	pipeline.RequireEvents(t, 50)
}

func TestCloseSendsWhatIsQueued(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{})
	cl, err := snowplow.New(snowplow.Config{Collector: pipeline.URL(), RetryAfter: func(int) time.Duration { return time.Hour }}, router, policy, nil)
	require.NoError(t, err)
	for range 4 {
		pipeline.Script(snowplowtest.Fault{Status: 503})
	}
	for range 2000 {
		require.NoError(t, cl.With(accept).Enqueue(track))
	}
	require.NoError(t, cl.Close())
	s := cl.Stats()
	require.EqualValues(t, 2000, s.Delivered+s.Failed)
	pipeline.RequireEvents(t, int(s.Delivered))
	require.Less(t, pipeline.Requests(), 500, "events share requests")
}

// What the caller has may be changed as soon as Enqueue has returned, and is not changed here.
func TestNothingOfTheCallersIsKept(t *testing.T) {
	pipeline := snowplowtest.New(t, snowplowtest.Pipeline{})
	until := make(chan struct{})
	pipeline.Script(snowplowtest.Fault{Until: until})
	cl := client(t, pipeline, router, policy, nil)
	inner := map[string]any{"n": 1}
	properties := analytics.Properties{"url": "https://e.example/", "inner": inner}
	about := &analytics.Context{Extra: map[string]any{"snowplow": 1, "inner": inner}}
	require.NoError(t, cl.With(accept).Enqueue(analytics.Page{UserId: "u", Properties: properties, Context: about}))
	require.Equal(t, analytics.Properties{"url": "https://e.example/", "inner": inner}, properties)
	require.Equal(t, map[string]any{"snowplow": 1, "inner": inner}, about.Extra)
	inner["n"], about.UserAgent = 2, "another's"
	close(until)
	require.NoError(t, cl.Close())
	e := pipeline.RequireEvents(t, 1)[0]
	require.Contains(t, string(e.Entity("iglu:com.segment/page/jsonschema/2-0-0")), `"inner":{"n":1}`)
	require.Empty(t, e.Fields["ua"])
}

// Two visitors never share a cookie of the collector, and redirects see no event.
func TestRequestsHoldNoCookies(t *testing.T) {
	var mu sync.Mutex
	var cookies []string
	cl, err := snowplow.New(snowplow.Config{Collector: "https://c.example", Transport: transport(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		cookies = append(cookies, r.Header.Get("Cookie"))
		_, err := io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: 200, Header: http.Header{"Set-Cookie": {"sp=visitor-1"}}, Body: http.NoBody}, err
	})}, router, policy, nil)
	require.NoError(t, err)
	for range 20 {
		require.NoError(t, cl.With(accept).Enqueue(track))
	}
	require.NoError(t, cl.Close())
	require.Empty(t, strings.Join(cookies, ""))
}
