package preferences_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware/preferences"
)

// Over a real connection: the browser has its whole response while OnAnswer waits, for each
// kind of response.
func TestOnAnswerDelaysNothing(t *testing.T) {
	for _, test := range []struct {
		what, method, kind, body string
		host                     func(*http.Request) string
		want                     int
	}{
		{"preferences", "POST", "application/json", `{"categories":{"analytics":false}}`, nil, 200},
		{"a redirect", "POST", "application/x-www-form-urlencoded", "answer=deny&redirect=/", nil, 303},
		{"forgotten", "DELETE", "", "", nil, 200},
		{"a refusal that keeps the denials", "POST", "application/json", `{"categories":{"analytics":false,"advertising":true}}`,
			func(*http.Request) string { return "" }, 500},
	} {
		t.Run(test.what, func(t *testing.T) {
			b := newBench()
			b.Host = test.host
			called, release := make(chan consent.State, 1), make(chan struct{})
			b.OnAnswer = func(_ *http.Request, _, given consent.State) {
				called <- given
				<-release
			}
			server := httptest.NewServer(b)
			defer server.Close()
			defer close(release)
			r, err := http.NewRequest(test.method, server.URL, strings.NewReader(test.body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", test.kind)
			r.Header.Set("Cookie", held(t, consent.NewState(m{"functional": true})))
			w, err := http.DefaultTransport.RoundTrip(r)
			require.NoError(t, err)
			defer w.Body.Close()
			require.Equal(t, test.want, w.StatusCode)
			require.NotEmpty(t, w.Header["Set-Cookie"])
			_, err = io.ReadAll(w.Body)
			require.NoError(t, err, "the whole of it")
			<-called
		})
	}
}

// When a client has the response, the answer is recorded, unless recording takes long.
func TestResponseWaitsBrieflyForOnAnswer(t *testing.T) {
	for _, test := range []struct{ takes, want time.Duration }{
		{0, 0},
		{99 * time.Millisecond, 99 * time.Millisecond},
		{time.Hour, 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			start := time.Now()
			b.OnAnswer = func(*http.Request, consent.State, consent.State) { time.Sleep(test.takes) }
			r := httptest.NewRequest("DELETE", "https://shop.example.com/preferences", http.NoBody)
			r.Header.Set("Cookie", held(t, consent.NewState(m{"analytics": true})))
			w := &timed{ResponseRecorder: httptest.NewRecorder()}
			b.ServeHTTP(w, r)
			require.Equal(t, test.want, w.flushed.Sub(start))
			require.Equal(t, test.takes, time.Since(start), "the request ends when OnAnswer returns")
		})
	}
}

// A timed writer notes when a response was complete: flushed, or else written.
type timed struct {
	*httptest.ResponseRecorder
	flushed time.Time
}

func (w *timed) Write(p []byte) (int, error) {
	w.flushed = time.Now()
	return w.ResponseRecorder.Write(p)
}

func (w *timed) Flush() {
	w.flushed = time.Now()
	w.ResponseRecorder.Flush()
}

// The handler around this one holds the response back until it is complete: Flush is an error there.
func TestOnAnswerIsNotAwaitedWithoutFlush(t *testing.T) {
	b := newBench()
	called, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	b.OnAnswer = func(*http.Request, consent.State, consent.State) {
		close(called)
		<-release
	}
	r := httptest.NewRequest("DELETE", "https://shop.example.com/preferences", http.NoBody)
	r.Header.Set("Cookie", held(t, consent.NewState(m{"analytics": true})))
	w := httptest.NewRecorder()
	http.TimeoutHandler(b, time.Minute, "too late").ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	require.NotEmpty(t, w.Header()["Set-Cookie"])
	<-called
}

func TestOnAnswerRefusesNothing(t *testing.T) {
	b := newBench()
	b.OnAnswer = func(*http.Request, consent.State, consent.State) { panic("SECRET") }
	server := httptest.NewServer(b)
	defer server.Close()
	w, err := http.Post(server.URL, "application/json", strings.NewReader(`{"categories":{"analytics":true}}`))
	require.NoError(t, err)
	defer w.Body.Close()
	require.Equal(t, 200, w.StatusCode)
	require.NotEmpty(t, w.Header["Set-Cookie"])
	_, err = io.ReadAll(w.Body)
	require.NoError(t, err)
	server.Close() // waits for the handler
	require.Len(t, b.errs, 1)
	require.ErrorIs(t, b.errs[0], preferences.ErrOnAnswer)
	require.NotContains(t, b.errs[0].Error(), "SECRET")
}

// A browser that closes the connection ends the context of its request. The answer has to be
// recorded nevertheless.
func TestOnAnswerOutlivesTheConnection(t *testing.T) {
	type key struct{}
	b := newBench()
	var got context.Context
	b.OnAnswer = func(r *http.Request, _, _ consent.State) { got = r.Context() }
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "account"))
	cancel()
	r := httptest.NewRequestWithContext(ctx, "DELETE", "https://shop.example.com/preferences", http.NoBody)
	r.Header.Set("Cookie", held(t, consent.NewState(m{"analytics": true})))
	b.ServeHTTP(httptest.NewRecorder(), r)
	require.NotNil(t, got)
	require.NoError(t, got.Err())
	require.Equal(t, "account", got.Value(key{}))
}
