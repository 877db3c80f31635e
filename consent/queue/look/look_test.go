package look_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/look"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}})

const secret = "s3cret"

// Answers are out of reach for one user.
type answers struct{}

func (answers) Current(_ context.Context, userID, _ string) (consent.State, time.Time, error) {
	if userID == "unknown-"+secret {
		return consent.State{}, time.Time{}, errors.New(secret)
	}
	return consenttest.Grant("analytics"), time.Time{}, nil
}

// A hiding queue is no Gauge.
type hiding struct{ queue.Queue }

// A failing queue does not count.
type failing struct{ *queue.Memory }

func (failing) Backlog(context.Context) (queue.Backlog, error) {
	return queue.Backlog{}, errors.New(secret)
}

func worker(t testing.TB, q queue.Queue) *queue.Worker {
	t.Helper()
	w, err := queue.NewWorker(queue.Options{
		Queue: q, Client: consent.New(consent.Discard, policy, nil), Answers: answers{}, MaxAttempts: 3,
		DeadLetter: func(context.Context, queue.Dead) error { return nil },
	})
	require.NoError(t, err)
	return w
}

// busy returns a Worker that has had something to do, and a queue with something in it.
func busy(t testing.TB) *queue.Worker {
	t.Helper()
	q := queue.NewMemory(0, 0)
	w := worker(t, q)
	tracker := consent.NewQueued(q, policy, nil).With(consenttest.Grant("analytics"))
	for _, user := range []string{"ann-" + secret, "unknown-" + secret} {
		require.NoError(t, tracker.Enqueue(analytics.Track{
			Event: "e-" + secret, UserId: user, MessageId: "m-" + user, Properties: analytics.Properties{secret: secret},
		}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.Error(t, w.Run(ctx))
	require.NoError(t, tracker.Enqueue(analytics.Track{Event: "e-" + secret, UserId: "bob-" + secret}))
	time.Sleep(90 * time.Second)
	return w
}

func get(h look.Handler, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/debug/queue", nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	w.Header().Set("CDN-Cache-Control", "max-age=60")
	h.ServeHTTP(w, r)
	return w
}

func anybody(*http.Request) bool { return true }

func TestPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := look.Handler{Authorize: anybody, Worker: busy(t)}
		page := get(h, "Accept", "text/html").Body.String()
		for _, want := range []string{
			"Messages in the queue: 1, the oldest for 1m30s", "<dt>Waiting</dt><dd>1</dd>", "<dt>Received</dt><dd>4, of which 2 not",
			"<dt>Sent</dt><dd>1</dd>", "<dt>Too many attempts</dt><dd>1</dd>", "<dt>Refused by the client</dt><dd>0</dd>",
			`<th scope="row">Answers</th><td data-label="Times">3</td>`,
		} {
			require.Contains(t, page, want)
		}
		w := get(h, "Accept", "application/json")
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		var got map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		require.Equal(t, map[string]any{"waiting": 1.0, "inFlight": 0.0, "age": "1m30s"}, got["queue"])
		require.Equal(t, map[string]any{"tooOld": 0.0, "tooOften": 1.0, "unreadable": 0.0, "refused": 0.0}, got["dead"])
		require.Equal(t, 4.0, got["worker"].(map[string]any)["received"])
		for _, shown := range []string{page, w.Body.String()} {
			require.NotContains(t, shown, secret)
			require.NotContains(t, shown, "ann")
		}
	})
}

// holding shows what a Worker holds whose client does not answer.
func TestPageOfAWorkerThatHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queue.NewMemory(0, 0)
		limited, err := consent.NewSegment("key", analytics.Config{Transport: limits{}, Logger: silent{}}, policy, nil)
		require.NoError(t, err)
		w, err := queue.NewWorker(queue.Options{
			Queue: q, Client: limited, Answers: answers{}, DeadLetter: func(context.Context, queue.Dead) error { return nil },
		})
		require.NoError(t, err)
		tracker := consent.NewQueued(q, policy, nil).With(consenttest.Grant("analytics"))
		require.NoError(t, tracker.Enqueue(analytics.Page{UserId: "ann"}))
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(15*time.Second, func() {
			page := get(look.Handler{Authorize: anybody, Worker: w}).Body.String()
			require.Contains(t, page, "nothing leaves for another 50s")
			require.Contains(t, page, `<th scope="row">page</th><td data-label="Messages">1</td><td data-label="Age of the oldest">15s</td>`)
			stop()
		})
		require.Error(t, w.Run(ctx))
		require.NoError(t, limited.Close())
	})
}

type limits struct{}

func (limits) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"60"}}, Body: http.NoBody}, nil
}

type silent struct{}

func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}

func TestPageOfAQueueThatDoesNotCount(t *testing.T) {
	for why, q := range map[string]queue.Queue{
		"this queue does not count what is in it": hiding{queue.NewMemory(0, 0)}, "the queue did not answer": failing{queue.NewMemory(0, 0)},
	} {
		for _, accept := range []string{"text/html", "application/json"} {
			w := get(look.Handler{Authorize: anybody, Worker: worker(t, q)}, "Accept", accept)
			require.Equal(t, http.StatusOK, w.Code)
			require.Contains(t, w.Body.String(), why)
			require.NotContains(t, w.Body.String(), secret)
		}
	}
}

func TestNobodySeesThePageUnlessToldOtherwise(t *testing.T) {
	w := worker(t, queue.NewMemory(0, 0))
	for name, c := range map[string]struct {
		handler look.Handler
		status  int
	}{
		"zero":      {look.Handler{}, http.StatusNotFound},
		"no rule":   {look.Handler{Worker: w}, http.StatusNotFound},
		"no worker": {look.Handler{Authorize: anybody}, http.StatusNotFound},
		"refused":   {look.Handler{Worker: w, Authorize: func(*http.Request) bool { return false }}, http.StatusForbidden},
		"allowed":   {look.Handler{Worker: w, Authorize: anybody}, http.StatusOK},
	} {
		require.Equal(t, c.status, get(c.handler).Code, name)
	}
	r := httptest.NewRecorder()
	look.Handler{Worker: w, Authorize: anybody}.ServeHTTP(r, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, r.Code)
	require.Equal(t, "GET, HEAD", r.Header().Get("Allow"))
}

func TestThePageLoadsNothing(t *testing.T) {
	w := get(look.Handler{Worker: worker(t, queue.NewMemory(0, 0)), Authorize: anybody})
	h := w.Header()
	require.Equal(t, "no-store", h.Get("Cache-Control"))
	require.Empty(t, h.Get("CDN-Cache-Control"))
	require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	require.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(w.Body.String())
	require.Len(t, style, 2)
	sum := sha256.Sum256([]byte(style[1]))
	require.Contains(t, h.Get("Content-Security-Policy"), "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	require.NotRegexp(t, `(?i)<script|<link|<img|style=|\ssrc=|url\(|@import`, w.Body.String())
}
