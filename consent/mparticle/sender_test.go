package mparticle_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/mparticletest"
	"github.com/go-consent/segment/consent/mparticle"
)

// roundTrip makes a transport of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func readBody(t testing.TB, r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("the body cannot be read: %v", err)
	}
	return string(body)
}

func through(f roundTrip) mparticle.Config {
	return mparticle.Config{Pod: mparticle.EU1, Key: "key", Secret: "secret", Transport: f, Logf: func(string, ...any) {}}
}

func accepted(*http.Request) (*http.Response, error) { return response(202, ""), nil }

func TestRetryAfterIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		header   string
		min, max time.Duration
	}{
		"seconds":   {"7", 7 * time.Second, 7 * time.Second},
		"too many":  {"9999", 5 * time.Minute, 5 * time.Minute},
		"nothing":   {"", 0, time.Second},
		"no number": {"-1", 0, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var attempts []time.Time
			client := newClient(t, through(func(*http.Request) (*http.Response, error) {
				if attempts = append(attempts, time.Now()); len(attempts) > 1 {
					return response(202, ""), nil
				}
				r := response(429, "")
				r.Header.Set("Retry-After", c.header)
				return r, nil
			}), nil)
			require.NoError(t, client.With(accept).Enqueue(track("u")))
			require.NoError(t, client.Flush(t.Context()))
			waited := attempts[1].Sub(attempts[0])
			require.GreaterOrEqual(t, waited, c.min, name)
			require.LessOrEqual(t, waited, c.max, name)
			require.NoError(t, client.Close())
		})
	}
}

func TestAMessageWaitsNoLongerThanTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, through(accepted), nil)
		require.NoError(t, client.With(accept).Enqueue(track("u")))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 1, client.Stats().Pending())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Zero(t, client.Stats().Pending())
		for range 100 {
			require.NoError(t, client.With(accept).Enqueue(track("u")))
		}
		synctest.Wait()
		require.Zero(t, client.Stats().Pending(), "a full request leaves at once")
		require.NoError(t, client.Close())
	})
}

// A transport that does not return in time is left behind.
func TestAnAttemptEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		hang := make(chan struct{})
		client := newClient(t, through(func(r *http.Request) (*http.Response, error) {
			if n.Add(1) == 1 {
				<-hang
				return nil, errors.New("secret")
			}
			return response(202, ""), nil
		}), nil)
		require.NoError(t, client.With(accept).Enqueue(track("u")))
		start := time.Now()
		require.NoError(t, client.Flush(t.Context()))
		require.GreaterOrEqual(t, time.Since(start), 10*time.Second)
		require.Less(t, time.Since(start), 12*time.Second)
		close(hang)
		require.NoError(t, client.Close())
		require.EqualValues(t, 1, client.Stats().Delivered)
	})
}

func TestAFullQueueIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		client, err := mparticle.New(through(func(*http.Request) (*http.Response, error) {
			<-release
			return response(202, ""), nil
		}), ruled, policy, &consent.Options{MaxPending: 2, Wait: time.Second})
		require.NoError(t, err)
		visitor := client.With(accept)
		require.NoError(t, visitor.Enqueue(track("u")))
		require.NoError(t, visitor.Enqueue(track("v")))
		start := time.Now()
		require.ErrorIs(t, visitor.Enqueue(track("w")), consent.ErrFull)
		require.Equal(t, time.Second, time.Since(start))
		done := make(chan error, 1)
		go func() { done <- visitor.Enqueue(track("w")) }() // and there is room in time
		time.Sleep(time.Millisecond)
		close(release)
		require.NoError(t, client.Flush(t.Context()))
		require.NoError(t, <-done)
		require.NoError(t, client.Close())
		require.EqualValues(t, 3, client.Stats().Delivered)
		require.EqualValues(t, 1, client.Stats().Refused)
	})
}

func TestMemoryIsBounded(t *testing.T) {
	client, err := mparticle.New(through(accepted), ruled, policy, &consent.Options{MaxPendingBytes: 1})
	require.NoError(t, err)
	require.NoError(t, client.With(accept).Enqueue(track("u")), "one fits alone")
	require.ErrorIs(t, client.With(accept).Enqueue(track("u")), consent.ErrFull)
	require.NoError(t, client.Close())
}

// What a function of the application does to its goroutine, no message is told to be delivered
// that was not, and all are told.
func TestFunctionsMayPanicOrExit(t *testing.T) {
	panicking, exiting := func() { panic("secret") }, runtime.Goexit
	for name, c := range map[string]struct {
		transport, retry, log, outcome func()
		delivered                      uint64
	}{
		"a transport panics":         {transport: panicking},
		"a transport exits":          {transport: exiting},
		"RetryAfter panics":          {retry: panicking},
		"RetryAfter exits":           {retry: exiting},
		"the log panics":             {log: panicking},
		"the log exits":              {log: exiting},
		"OnOutcome panics":           {outcome: panicking, delivered: 3},
		"OnOutcome exits":            {outcome: exiting, delivered: 3},
		"the transport returns nil":  {transport: func() {}},
		"nothing is wrong with them": {delivered: 3},
	} {
		t.Run(name, func(t *testing.T) {
			call := func(f func()) {
				if f != nil {
					f()
				}
			}
			config := through(func(*http.Request) (*http.Response, error) {
				call(c.transport)
				switch {
				case c.transport != nil:
					return nil, nil
				case c.delivered > 0:
					return response(202, ""), nil
				default:
					return response(503, "secret"), nil
				}
			})
			config.RetryAfter = func(int) time.Duration { call(c.retry); return 0 }
			config.Logf = func(format string, args ...any) {
				if strings.Contains(fmt.Sprintf(format, args...), "secret") {
					t.Error("a log line holds what somebody else said")
				}
				call(c.log)
			}
			var o outcomes
			client := newClient(t, config, &consent.Options{OnOutcome: func(m analytics.Message, told consent.Outcome) {
				o.add(m, told)
				call(c.outcome)
			}})
			for _, user := range []string{"u", "v", "w"} {
				require.NoError(t, client.With(accept).Enqueue(track(user)))
			}
			require.NoError(t, client.Flush(t.Context()))
			require.NoError(t, client.Close())
			require.Len(t, o.told, 3)
			require.Equal(t, c.delivered, client.Stats().Delivered)
			require.Equal(t, 3-c.delivered, client.Stats().Failed)
			for _, told := range o.told {
				require.NotContains(t, fmt.Sprint(told.Err), "secret")
			}
		})
	}
}

// The race detector watches here.
func TestNothingOfTheCallerIsTouched(t *testing.T) {
	fake := mparticletest.New(t, connected)
	client := newClient(t, silent(fake), nil)
	context := &analytics.Context{Locale: "lv", Extra: map[string]any{"a": map[string]any{"b": 1}}}
	properties := analytics.Properties{"object": map[string]int{"a": 1}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 {
				m := analytics.Track{UserId: fmt.Sprint(i), Event: "e", Context: context, Properties: properties}
				if err := client.With(accept).Enqueue(m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	properties["object"].(map[string]int)["a"] = 2 // nobody reads it any more
	context.Extra["a"].(map[string]any)["b"] = 2
	require.NoError(t, client.Close())
	require.Equal(t, &analytics.Context{Locale: "lv", Extra: map[string]any{"a": map[string]any{"b": 2}}}, context)
	for _, a := range fake.RequireArrivals(t, 400) {
		require.True(t, bytes.Contains(a.Event, []byte(`"object":"{\"a\":1}"`)))
		require.Len(t, a.Identities, 1)
	}
	require.Empty(t, fake.Refusals())
	require.Less(t, fake.Requests(), 60, "events of a user share a batch, and batches a request")
}
