package segmenttest_test

import (
	"errors"
	"io"
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
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// Each fault, as the real analytics-go meets it: it tries again, and what it sends
// arrives once.
func TestAnalyticsGoOutlivesFaults(t *testing.T) {
	open := make(chan struct{})
	close(open)
	for name, fault := range map[string]segmenttest.Fault{
		"429":               {Status: 429, RetryAfter: 2 * time.Second},
		"400":               {Status: 400},
		"503":               {Status: 503},
		"slow":              {Delay: time.Millisecond},
		"slow and 500":      {Delay: time.Millisecond, Status: 500},
		"released":          {Until: open},
		"reset":             {Reset: true},
		"half the response": {HalfResponse: true},
	} {
		t.Run(name, func(t *testing.T) {
			segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
			segment.Script(fault, segmenttest.Fault{}, fault)
			var outcomes outcomes
			client, err := consent.NewSegment(segment.WriteKey(), quiet(segment), policy, &consent.Options{OnOutcome: outcomes.add})
			require.NoError(t, err)
			enqueue(t, client.With(consenttest.Grant("analytics")), order("u"), order("v"))
			require.NoError(t, client.Flush(t.Context()))
			require.NoError(t, client.Close())
			segment.RequireInbox(t, "Amplitude", 2)
			require.Equal(t, []consent.Result{consent.Delivered, consent.Delivered}, outcomes.results)
			require.Empty(t, segment.Refusals(), "a fault is none")
		})
	}
}

type outcomes struct {
	mu      sync.Mutex
	results []consent.Result
}

func (o *outcomes) add(_ analytics.Message, outcome consent.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.results = append(o.results, outcome.Result)
}

func TestFaultsComeInTheOrderOfTheScript(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{WriteKey: "key"})
	segment.Script(segmenttest.Fault{Status: 429, RetryAfter: 90 * time.Second}, segmenttest.Fault{}, segmenttest.Fault{Reset: true})
	segment.Script(segmenttest.Fault{Status: 500}, segmenttest.Fault{HalfResponse: true})
	call := func() (*http.Response, string, error) {
		r, err := http.NewRequest("POST", segment.URL()+"/v1/track",
			strings.NewReader(`{"writeKey":"key","event":"e","userId":"u"}`))
		require.NoError(t, err)
		r.Close = true
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response, string(body), err
	}

	response, _, err := call()
	require.NoError(t, err)
	require.Equal(t, 429, response.StatusCode)
	require.Equal(t, "90", response.Header.Get("Retry-After"))
	require.Equal(t, "90", response.Header.Get("X-RateLimit-Reset"))
	require.Empty(t, segment.Arrivals())

	response, body, err := call()
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, `{"success":true}`, body)
	require.Len(t, segment.Arrivals(), 1)

	_, _, err = call()
	require.Error(t, err)
	require.Len(t, segment.Arrivals(), 1)

	response, _, err = call()
	require.NoError(t, err)
	require.Equal(t, 500, response.StatusCode)
	require.Len(t, segment.Arrivals(), 1)

	response, body, err = call()
	require.True(t, errors.Is(err, io.ErrUnexpectedEOF), err)
	require.Equal(t, 200, response.StatusCode)
	require.NotContains(t, body, "success\":true")
	require.Len(t, segment.Arrivals(), 2, "events without an id are never the same")

	_, _, err = call()
	require.NoError(t, err)
	require.Equal(t, 6, segment.Requests())
}

// A client sends again what it got no answer for; Segment knows it by its id.
func TestSegmentTakesAMessageOnce(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	m := analytics.Track{MessageId: "1", UserId: "u", Event: "Ordered"}
	send(t, segment.Config(), segment.WriteKey(), m, m)
	send(t, segment.Config(), segment.WriteKey(), m, analytics.Track{MessageId: "2", UserId: "u", Event: "Ordered"})
	segment.RequireInbox(t, "Amplitude", 2)
	require.Empty(t, segment.Refusals())
}

func TestRestartWhereSomebodyElseListens(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{})
	segment.Stop()
	listener, err := net.Listen("tcp", strings.TrimPrefix(segment.URL(), "http://"))
	require.NoError(t, err)
	defer listener.Close()
	require.ErrorContains(t, segment.Restart(), "segmenttest: the fake Segment cannot listen: ")
}

func TestSegmentRestarts(t *testing.T) {
	segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	before := segment.URL()
	send(t, segment.Config(), segment.WriteKey(), order("before"))

	segment.Stop()
	config := quiet(segment)
	var failed error
	config.Callback = callback(func(err error) { failed = err })
	send(t, config, segment.WriteKey(), order("meanwhile"))
	require.Error(t, failed)

	require.Eventually(t, func() bool { return segment.Restart() == nil }, 3*time.Minute, 10*time.Millisecond,
		"a connection of another process may have its port for a while")
	require.NoError(t, segment.Restart(), "it runs already")
	require.Equal(t, before, segment.URL())
	send(t, segment.Config(), segment.WriteKey(), order("after"))
	segment.RequireInbox(t, "Amplitude", 2)
}

type callback func(error)

func (callback) Success(analytics.Message)              {}
func (f callback) Failure(_ analytics.Message, e error) { f(e) }
