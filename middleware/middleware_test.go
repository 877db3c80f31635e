package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// fromHeader is a minimal Source: it reads the categories that the header X-Grant names.
var fromHeader = middleware.SourceFunc(func(r *http.Request) (consent.State, error) {
	switch category := r.Header.Get("X-Grant"); category {
	case "":
		return consent.NewState(nil), nil
	case "?":
		return consent.State{}, errors.New("unreadable")
	default:
		return answer("+" + category), nil
	}
})

// showState responds with the State in the context.
var showState = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, consent.FromContext(r.Context()).String())
})

func TestNewServesWithTheState(t *testing.T) {
	h := middleware.New(middleware.Options{Sources: []middleware.Source{fromHeader}})(showState)
	for _, test := range []struct {
		header string
		want   consent.State
	}{
		{"", consent.NewState(nil)},
		{"a", answer("+a")},
		{"?", denied},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, serverRequest("X-Grant", test.header))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, test.want.String(), w.Body.String())
	}
}

func TestNewCallsOnErrorBeforeServing(t *testing.T) {
	var calls []string
	var got error
	arrived := serverRequest("X-Grant", "?")
	h := middleware.New(middleware.Options{
		Sources: []middleware.Source{fromHeader},
		OnError: func(r *http.Request, err error) {
			require.Same(t, arrived, r)
			calls, got = append(calls, "OnError"), err
		},
	})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls = append(calls, "served") }))

	h.ServeHTTP(httptest.NewRecorder(), arrived)
	require.Equal(t, []string{"OnError", "served"}, calls)
	require.ErrorContains(t, got, "unreadable")

	calls = nil
	h.ServeHTTP(httptest.NewRecorder(), serverRequest("X-Grant", "a"))
	require.Equal(t, []string{"served"}, calls)
}

func TestNewWithZeroOptionsDeniesEverything(t *testing.T) {
	w := httptest.NewRecorder()
	middleware.New(middleware.Options{})(showState).ServeHTTP(w, serverRequest())
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, denied.String(), w.Body.String())
}

func TestNewCopiesTheOptions(t *testing.T) {
	o := middleware.Options{
		Sources: []middleware.Source{fromHeader},
		Signals: []middleware.Signal{middleware.GPC()},
	}
	h := middleware.New(o)(showState)
	o.Sources[0] = says(granted)
	o.Signals[0] = nil

	w := httptest.NewRecorder()
	h.ServeHTTP(w, serverRequest("X-Grant", "a"))
	require.Equal(t, answer("+a").String(), w.Body.String())
	w = httptest.NewRecorder()
	h.ServeHTTP(w, serverRequest("X-Grant", "a", "Sec-GPC", "1"))
	require.Equal(t, denied.String(), w.Body.String())
}

func TestNewKeepsTheRequest(t *testing.T) {
	type key struct{}
	r := serverRequest("Cookie", "a=b")
	r = r.WithContext(context.WithValue(r.Context(), key{}, "kept"))
	before := r.Clone(r.Context())
	h := middleware.New(middleware.Options{Sources: []middleware.Source{fromHeader}})
	h(http.HandlerFunc(func(_ http.ResponseWriter, served *http.Request) {
		require.Equal(t, "kept", served.Context().Value(key{}))
		require.Equal(t, before.Header, served.Header)
		require.Equal(t, before.URL, served.URL)
	})).ServeHTTP(httptest.NewRecorder(), r)

	require.Equal(t, before.Header, r.Header)
	_, ok := consent.Lookup(r.Context())
	require.False(t, ok, "the caller's request has a State")
}

func TestNestedMiddlewareOnlyCloses(t *testing.T) {
	outer := middleware.New(middleware.Options{Sources: []middleware.Source{says(answer("-a", "+b"))}})
	inner := middleware.New(middleware.Options{Sources: []middleware.Source{says(answer("+a", "-b"))}})
	w := httptest.NewRecorder()
	outer(inner(showState)).ServeHTTP(w, serverRequest())
	require.Equal(t, answer("-a", "-b").String(), w.Body.String())
}

// The handler must get the server's own ResponseWriter, or it could not use all of its methods.
func TestResponseWriterIsNotWrapped(t *testing.T) {
	wrap := func(h http.Handler) http.Handler {
		read := middleware.New(middleware.Options{Sources: []middleware.Source{says(granted)}})
		return read(middleware.Require("a")(h))
	}

	t.Run("same value, no header", func(t *testing.T) {
		w := httptest.NewRecorder()
		wrap(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
			require.Same(t, w, got)
		})).ServeHTTP(w, serverRequest())
		require.Empty(t, w.Header())
	})

	t.Run("flush", func(t *testing.T) {
		read := make(chan struct{})
		server := httptest.NewServer(wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "first")
			w.(http.Flusher).Flush()
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
			<-read // the client has the first part while the handler still runs
		})))
		defer server.Close()
		response, err := http.Get(server.URL)
		require.NoError(t, err)
		part := make([]byte, len("first"))
		_, err = io.ReadFull(response.Body, part)
		close(read)
		require.NoError(t, err)
		require.Equal(t, "first", string(part))
		require.NoError(t, response.Body.Close())
	})

	t.Run("hijack", func(t *testing.T) {
		server := httptest.NewServer(wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 299 Hijacked\r\nConnection: close\r\n\r\n")
			_ = conn.Close()
		})))
		defer server.Close()
		response, err := http.Get(server.URL)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 299, response.StatusCode)
	})
}

func TestServer(t *testing.T) {
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{fromHeader},
		Signals: []middleware.Signal{middleware.GPC("ads")},
		Default: defaults(granted),
	})
	mux := http.NewServeMux()
	mux.Handle("/", showState)
	mux.Handle("/ads", middleware.Require("ads")(showState))
	server := httptest.NewServer(read(mux))
	defer server.Close()

	for _, test := range []struct {
		name, path string
		lines      []string
		status     int
		body       string
	}{
		{"no answer: the default", "/", nil, 200, presumed.String()},
		{"an answer", "/", []string{"X-Grant: a"}, 200, answer("+a").String()},
		{"unreadable", "/", []string{"X-Grant: ?"}, 200, denied.String()},
		{"a signal and an answer", "/", []string{"X-Grant: ads", "Sec-GPC: 1"}, 200, answer("-ads").String()},
		{"a signal in two lines", "/", []string{"sec-gpc: 0", "SEC-GPC:  1 "}, 200, presumed.Restrict(answer("-ads")).String()},
		{"required and granted", "/ads", []string{"X-Grant: ads"}, 200, answer("+ads").String()},
		{"required and not granted", "/ads", []string{"X-Grant: a"}, 403, "The visitor has not consented to this.\n"},
		{"required, granted, and denied by the signal", "/ads", []string{"X-Grant: ads", "Sec-GPC: 1"}, 403, "The visitor has not consented to this.\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := get(t, server.Listener.Addr(), test.path, test.lines)
			require.Equal(t, test.status, status)
			require.Equal(t, test.body, body)
		})
	}
}

// get sends the header lines unchanged. The client of net/http would normalize them.
func get(t *testing.T, server net.Addr, path string, lines []string) (status int, body string) {
	t.Helper()
	conn, err := net.Dial(server.Network(), server.String())
	require.NoError(t, err)
	defer conn.Close()
	lines = append([]string{"GET " + path + " HTTP/1.0", "Host: shop.example"}, lines...)
	_, err = io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n")
	require.NoError(t, err)
	response, err := io.ReadAll(conn)
	require.NoError(t, err)
	_, err = fmt.Sscanf(string(response), "HTTP/1.0 %d ", &status)
	require.NoError(t, err)
	_, body, _ = strings.Cut(string(response), "\r\n\r\n")
	return status, body
}

func TestConcurrentRequestsDoNotMix(t *testing.T) {
	var failed sync.Map
	h := middleware.New(middleware.Options{
		Sources: []middleware.Source{fromHeader},
		Signals: []middleware.Signal{middleware.GPC("g")},
		OnError: func(r *http.Request, _ error) { failed.Store(r.Header.Get("X-Id"), true) },
	})(showState)

	const goroutines, requests = 64, 50
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range requests {
				id := fmt.Sprintf("%d-%d", g, i)
				headers, want := []string{"X-Id", id, "X-Grant", id}, answer("+"+id)
				switch i % 3 {
				case 1:
					headers, want = append(headers, "Sec-GPC", "1"), want.Restrict(answer("-g"))
				case 2:
					headers[3], want = "?", denied
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, serverRequest(headers...))
				if w.Body.String() != want.String() {
					t.Errorf("request %s got %s, want %s", id, w.Body, want)
				}
				if _, ok := failed.Load(id); ok != (want == denied) {
					t.Errorf("request %s: OnError called: %t", id, ok)
				}
			}
		})
	}
	wg.Wait()
}
