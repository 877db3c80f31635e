package delivery

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// A script is a transport that answers one request after the other, the last answer again
// and again, and counts the messages that it took.
type script struct {
	mu       sync.Mutex
	answers  []func(*http.Request) (*http.Response, error)
	requests []time.Time
	taken    int
	underway int
	most     int // requests under way at once
}

func answers(all ...func(*http.Request) (*http.Response, error)) *script {
	return &script{answers: all}
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent struct{ Batch []json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.requests = append(s.requests, time.Now())
	s.underway++
	s.most = max(s.most, s.underway)
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.mu.Unlock()
	response, err := answer(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underway--
	if err == nil && response != nil && response.StatusCode == http.StatusOK {
		s.taken += len(sent.Batch)
	}
	return response, err
}

func status(code int, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		r := &http.Response{StatusCode: code, Status: "text of the server", Header: http.Header{}, Body: io.NopCloser(strings.NewReader("body of\nthe server"))}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r, nil
	}
}

// stuck answers after the given time, even if the request's context has ended.
func stuck(d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return status(http.StatusOK)(r)
	}
}

// A ledger keeps the outcomes that a Sender counts and tells.
type ledger struct {
	mu                sync.Mutex
	delivered, failed int
	told              []error
	logged            bytes.Buffer
}

func (l *ledger) count(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.delivered++
	} else {
		l.failed++
	}
}

func (l *ledger) tell(_ analytics.Message, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, err)
}

// require checks that every outcome was counted and told.
func (l *ledger) require(t *testing.T, delivered, failed int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Equal(t, [2]int{delivered, failed}, [2]int{l.delivered, l.failed}, "delivered and failed")
	require.Len(t, l.told, delivered+failed)
}

func newSender(t *testing.T, transport http.RoundTripper, change func(*Config)) (*Sender, *ledger) {
	t.Helper()
	var l ledger
	c := Config{
		WriteKey: "secret key", MaxPending: 10_000, MaxPendingBytes: 64 << 20, Count: l.count, Tell: l.tell,
		Segment: analytics.Config{Transport: transport, Logger: analytics.StdLogger(log.New(&l.logged, "", 0))},
	}
	if change != nil {
		change(&c)
	}
	s, err := NewSender(c)
	require.NoError(t, err)
	return s, &l
}

func track() *Message {
	m, _ := Open(analytics.Track{UserId: "somebody", Event: "Ordered"})
	return m
}

func send(t *testing.T, s *Sender, n int) {
	t.Helper()
	for range n {
		_, err := s.Send(track(), NotFrozen)
		require.NoError(t, err)
	}
}

// times returns when requests were made.
func (s *script) times() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *script) total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func (s *script) busiest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}
