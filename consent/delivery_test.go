package consent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var requests, elsewhere atomic.Int32
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			http.Redirect(w, r, other.URL, status)
		}))
		var o outcomes
		client, err := consent.NewSegment("key", quick(server.URL), policy, &consent.Options{OnOutcome: o.hear})
		require.NoError(t, err)
		require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
		require.NoError(t, client.Flush(t.Context()))
		require.NoError(t, client.Close())
		require.Equal(t, consent.Stats{Enqueued: 1, Failed: 1}, client.Stats())
		require.ErrorContains(t, o.only(t).Err, fmt.Sprint(status))
		require.NotContains(t, o.only(t).Err.Error(), other.URL)
		require.EqualValues(t, 10, requests.Load())
		require.Zero(t, elsewhere.Load(), "status %d", status)
		server.Close()
		other.Close()
	}
}

func TestShutdownSavesWhatARetryWouldSave(t *testing.T) {
	server := newFlaky(t)
	server.set(unavailable)
	config := quick(server.URL)
	config.RetryAfter = nil
	failed := make(chan struct{}, 1)
	config.Logger = logs(func(string) {
		select {
		case failed <- struct{}{}:
		default:
		}
	})
	client, err := consent.NewSegment("key", config, policy, nil)
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
	}
	go func() {
		<-failed
		server.set(noFault)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	lost, err := client.Shutdown(ctx)
	require.NoError(t, err)
	require.Zero(t, lost)
	require.Equal(t, consent.Stats{Enqueued: 10, Delivered: 10}, client.Stats())
	require.EqualValues(t, 10, server.taken.Load())
}

// logs is a Logger that is one function.
type logs func(line string)

func (l logs) Logf(format string, args ...any)   { l(fmt.Sprintf(format, args...)) }
func (l logs) Errorf(format string, args ...any) { l(fmt.Sprintf(format, args...)) }

func TestShutdownBesideEnqueuesThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func() error { time.Sleep(time.Hour); return io.EOF }
		config := analytics.Config{Transport: roundTrip(hang), Logger: silent{}}
		client, err := consent.NewSegment("key", config, policy, &consent.Options{MaxPending: 5, Wait: time.Hour})
		require.NoError(t, err)
		results := make(chan error, 50)
		for range cap(results) {
			go func() { results <- client.With(acceptAll).Enqueue(ordered()) }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		lost, err := client.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, 5, lost)
		refused := 0
		for range cap(results) {
			if err := <-results; err != nil {
				require.ErrorIs(t, err, analytics.ErrClosed)
				refused++
			}
		}
		require.Equal(t, 45, refused)
		require.Equal(t, consent.Stats{Enqueued: 50, Failed: 5, Refused: 45}, client.Stats())
		time.Sleep(time.Hour)
	})
}

type exits struct{}

func (exits) MarshalJSON() ([]byte, error) { runtime.Goexit(); return nil, nil }

// leaver is a client, or a Callback, that ends the goroutine, as a mock does when it fails its
// test.
type leaver struct{}

func (leaver) Enqueue(analytics.Message) error        { runtime.Goexit(); return nil }
func (leaver) Close() error                           { return nil }
func (leaver) Success(analytics.Message)              { runtime.Goexit() }
func (leaver) Failure(_ analytics.Message, err error) { runtime.Goexit() }

// Whatever ends the goroutine, every message has one outcome, and OnOutcome is told it.
func TestCodeThatEndsItsGoroutine(t *testing.T) {
	exit := func(analytics.Message, consent.Decision) { runtime.Goexit() }
	down := roundTrip(func() error { return io.EOF })
	for name, c := range map[string]struct {
		options   consent.Options
		config    analytics.Config
		policy    consent.Policy
		next      analytics.Client // for New
		message   analytics.Message
		state     consent.State
		anonymous bool
		want      consent.Stats
	}{
		"OnDecision":       {options: consent.Options{OnDecision: exit}, message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Refused: 1}},
		"OnDecision, New":  {options: consent.Options{OnDecision: exit}, next: &capture{}, message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Refused: 1}},
		"suppressed":       {options: consent.Options{OnDecision: exit}, message: ordered(), want: consent.Stats{Enqueued: 1, Refused: 1}},
		"Policy":           {policy: decideFunc(func(consent.State) consent.Decision { runtime.Goexit(); return consent.Decision{} }), message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Refused: 1}},
		"Anonymous":        {anonymous: true, message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Refused: 1}},
		"properties":       {message: analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"a": exits{}}}, state: acceptAll, want: consent.Stats{Enqueued: 1, Refused: 1}},
		"integrations":     {message: analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"a": exits{}}}, next: &capture{}, state: acceptAll, want: consent.Stats{Enqueued: 1, Refused: 1}},
		"the client":       {next: leaver{}, message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Refused: 1}},
		"Callback.Success": {config: analytics.Config{Callback: leaver{}}, message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Delivered: 1}},
		"Callback.Failure": {config: analytics.Config{Callback: leaver{}, Transport: down}, message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Failed: 1}},
		"RetryAfter": {config: analytics.Config{Transport: down, RetryAfter: func(int) time.Duration { runtime.Goexit(); return 0 }},
			message: ordered(), state: acceptAll, want: consent.Stats{Enqueued: 1, Failed: 1}},
	} {
		for _, outcomeExits := range []bool{false, true} {
			t.Run(fmt.Sprint(name, outcomeExits), func(t *testing.T) {
				var o outcomes
				options := c.options
				options.OnOutcome = func(m analytics.Message, outcome consent.Outcome) {
					o.hear(m, outcome)
					if outcomeExits {
						runtime.Goexit()
					}
				}
				p := c.policy
				if p == nil {
					p = policy
				}
				config := c.config
				config.Logger = silent{}
				if config.Transport == nil {
					config.Transport = &wire{}
				}
				if config.RetryAfter == nil {
					config.RetryAfter = func(int) time.Duration { return 0 }
				}
				client, err := consent.NewSegment("key", config, p, &options)
				require.NoError(t, err)
				if c.next != nil {
					client = consent.New(c.next, p, &options)
				}
				visitor := client.With(c.state)
				if c.anonymous {
					visitor = visitor.Anonymous(func() string { runtime.Goexit(); return "" })
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					_ = visitor.Enqueue(c.message)
				}()
				<-done
				if c.next == nil {
					require.NoError(t, client.Flush(t.Context()))
				}
				require.NoError(t, client.Close())
				require.Equal(t, c.want, client.Stats())
				if outcome := o.only(t); outcome.Result == consent.Refused {
					require.ErrorIs(t, outcome.Err, consent.ErrExited)
				}
			})
		}
	}
}

// An OnOutcome that enqueues every refused message again does not go on for ever.
func TestAnOutcomeThatIsEnqueuedAgain(t *testing.T) {
	for name, m := range map[string]analytics.Message{"refused": nil, "suppressed": ordered()} {
		t.Run(name, func(t *testing.T) {
			var client *consent.Client
			calls := 0
			client, err := consent.NewSegment("key", analytics.Config{Transport: &wire{}, Logger: silent{}}, policy, &consent.Options{
				OnOutcome: func(analytics.Message, consent.Outcome) {
					calls++
					_ = client.Enqueue(m)
				},
			})
			require.NoError(t, err)
			_ = client.Enqueue(m)
			s := client.Stats()
			require.EqualValues(t, calls+1, s.Enqueued)
			require.EqualValues(t, s.Enqueued, s.Refused+s.Suppressed, "each is counted")
			require.Greater(t, calls, 100)
			require.Less(t, calls, 2000)

			before := calls
			_ = client.Enqueue(m)
			require.Equal(t, 2*before, calls, "the next one is told again")
			require.NoError(t, client.Close())
		})
	}
}

func TestManyOutcomesAtOnceAreAllTold(t *testing.T) {
	release := make(chan struct{})
	var told atomic.Int64
	client := consent.New(&capture{}, policy, &consent.Options{OnOutcome: func(analytics.Message, consent.Outcome) {
		told.Add(1)
		<-release
	}})
	done := make(chan struct{}, 500)
	for range cap(done) {
		go func() {
			_ = client.Enqueue(ordered())
			done <- struct{}{}
		}()
	}
	for told.Load() < 500 {
		runtime.Gosched()
	}
	close(release)
	for range cap(done) {
		<-done
	}
	require.EqualValues(t, 500, told.Load())
}

// A response that echoes the request reaches neither a log nor an outcome.
func TestABodyThatEchoesIsNotLogged(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Location", "http://"+r.Host+"/somebody")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "%s\r\n%v\n%s", body, r.Header, "write-key")
	}))
	defer server.Close()
	var logged bytes.Buffer
	var o outcomes
	config := quick(server.URL)
	config.Logger, config.Verbose = analytics.StdLogger(log.New(&logged, "", 0)), true
	client, err := consent.NewSegment("write-key", config, policy, &consent.Options{OnOutcome: o.hear})
	require.NoError(t, err)
	require.NoError(t, client.With(acceptAll).Enqueue(analytics.Identify{UserId: "somebody", Traits: analytics.NewTraits().SetEmail("somebody@example.com")}))
	require.NoError(t, client.Flush(t.Context()))
	require.NoError(t, client.Close())
	require.Contains(t, logged.String(), "the server answered 400 Bad Request")
	for _, text := range []string{logged.String(), o.only(t).Err.Error()} {
		for _, hidden := range []string{"somebody", "write-key", "Authorization", "\r"} {
			require.NotContains(t, text, hidden)
		}
	}
}

func TestTheCredentialsOfAnEndpointAreNotShown(t *testing.T) {
	for endpoint, shown := range map[string]string{
		"https://user:password@api.segment.io":  `"https://...@api.segment.io"`,
		"https://user:pass/word@api.segment.io": `"https://...@api.segment.io"`,
		"https://user:password@a b":             `"https://...@a b"`,
		"user:password@api.segment.io":          `"...@api.segment.io"`,
		"https://api.segment.io/v1":             `"https://api.segment.io/v1"`,
		"https://api.segment.io/?key=password":  `"https://api.segment.io/?..."`,
		"https://\npassword@host":               `"https://...@host"`,
	} {
		_, err := consent.NewSegment("key", analytics.Config{Endpoint: endpoint}, policy, nil)
		require.ErrorIs(t, err, consent.ErrConfig)
		require.ErrorContains(t, err, "the endpoint "+shown+" is not")
		require.NotContains(t, err.Error(), "password")
	}
}

func TestAMessageOfAnotherModuleIsNamedWithItsPath(t *testing.T) {
	client := consent.New(&capture{}, policy, nil).With(acceptAll)
	err := client.Enqueue(ownMessage{})
	require.ErrorIs(t, err, consent.ErrMessage)
	require.ErrorContains(t, err, "github.com/go-consent/segment/consent_test.ownMessage")
	require.ErrorContains(t, client.Enqueue((*analytics.Page)(nil)), "nil *github.com/segmentio/analytics-go/v3.Page")
	require.ErrorContains(t, client.Enqueue(nil), ": nil")
}

func TestMaxPendingBytes(t *testing.T) {
	release := make(chan struct{})
	config := analytics.Config{Logger: silent{}, Transport: roundTrip(func() error { <-release; return io.EOF }), RetryAfter: func(int) time.Duration { return 0 }}
	var o outcomes
	client, err := consent.NewSegment("key", config, policy, &consent.Options{MaxPendingBytes: 100_000, OnOutcome: o.hear})
	require.NoError(t, err)
	m := analytics.Track{UserId: "u", Event: "e", Properties: analytics.Properties{"a": strings.Repeat("a", 20_000)}}
	accepted := uint64(0)
	for range 10 {
		if err := client.With(acceptAll).Enqueue(m); err == nil {
			accepted++
		} else {
			require.ErrorIs(t, err, consent.ErrFull)
		}
	}
	require.EqualValues(t, 4, accepted)
	close(release)
	require.NoError(t, client.Close())
	require.Equal(t, consent.Stats{Enqueued: 10, Failed: accepted, Refused: 10 - accepted}, client.Stats())
	_, err = consent.NewSegment("key", analytics.Config{}, policy, &consent.Options{MaxPendingBytes: -1})
	require.ErrorIs(t, err, consent.ErrConfig)
}

// The time of a message is that of Enqueue, not of the batch.
func TestTheTimeIsThatOfEnqueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, wire := segment(t, policy, nil)
		before := time.Now()
		require.NoError(t, client.With(acceptAll).Enqueue(ordered()))
		time.Sleep(time.Minute)
		require.NoError(t, client.Close())
		var sent struct{ Timestamp time.Time }
		require.NoError(t, json.Unmarshal(wire.messages(t)[0], &sent))
		require.True(t, before.Equal(sent.Timestamp))
	})
}
