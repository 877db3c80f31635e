package loopback

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStopLeavesNothing(t *testing.T) {
	begun, left := make(chan struct{}), make(chan struct{})
	s, err := Start(func(s *Server, w http.ResponseWriter, _ *http.Request) {
		defer close(left)
		close(begun)
		s.Hang(make(chan struct{}))
		_, _ = io.WriteString(w, "ok")
	})
	require.NoError(t, err)
	failed := make(chan error, 1)
	go func() {
		response, err := http.Get(s.URL())
		if err == nil {
			response.Body.Close()
		}
		failed <- err
	}()
	<-begun
	s.Stop()
	s.Stop()
	select {
	case <-left:
	default:
		t.Fatal("Stop returned before the handler")
	}
	require.Error(t, <-failed)
	require.False(t, s.enter(), "a request that comes too late")
	_, err = http.Get(s.URL())
	require.Error(t, err)
}

func TestHangEnds(t *testing.T) {
	until := make(chan struct{})
	close(until)
	s, err := Start(func(s *Server, w http.ResponseWriter, r *http.Request) {
		s.Hang(nil)
		s.Hang(until)
		Refuse(w, r, 10, http.StatusTeapot)
	})
	require.NoError(t, err)
	defer s.Stop()
	response, err := http.Post(s.URL(), "text/plain", strings.NewReader("body"))
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusTeapot, response.StatusCode)
}

func TestScript(t *testing.T) {
	var s Script[int]
	s.Add(1, 2)
	s.Add(3)
	for _, want := range []int{1, 2} {
		require.Equal(t, want, s.Next())
	}
	require.Equal(t, 2, s.Requests())
	s.Recount()
	require.Zero(t, s.Requests())
	require.Equal(t, 3, s.Next())
	require.Zero(t, s.Next())
	require.Equal(t, 2, s.Requests())
}
