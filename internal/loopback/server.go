// Package loopback has what the fake services of consenttest share: a server on the loopback
// interface that leaves nothing behind when it stops, and a script of faults.
package loopback

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Server serves on the loopback interface until Stop.
type Server struct {
	url     string
	server  http.Server
	stopped chan struct{} // closed: let go of everything
	serving chan struct{} // closed when the server accepts no more

	mu       sync.Mutex
	closed   bool
	handlers sync.WaitGroup
}

// Start serves on a free port. The handler is given the Server, for Hang.
func Start(handle func(*Server, http.ResponseWriter, *http.Request)) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{url: "http://" + listener.Addr().String(), stopped: make(chan struct{}), serving: make(chan struct{})}
	s.server.ReadTimeout = 30 * time.Second
	s.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			Abort()
		}
		defer s.handlers.Done()
		handle(s, w, r)
	})
	go func() {
		defer close(s.serving)
		_ = s.server.Serve(listener) // it ends with Stop
	}()
	return s, nil
}

// URL returns the address, without a path.
func (s *Server) URL() string { return s.url }

// enter counts a handler, unless the server was stopped.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.handlers.Add(1)
	return true
}

// Stop breaks all connections, those that hang included, and waits until nothing of them is
// left. A second Stop does nothing.
func (s *Server) Stop() {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return
	}
	close(s.stopped)
	_ = s.server.Close() // there is nobody to tell
	<-s.serving
	s.handlers.Wait()
}

// Hang waits until the channel is closed, or breaks the connection when the server is stopped
// before. With nil it does not wait.
func (s *Server) Hang(until <-chan struct{}) {
	if until == nil {
		return
	}
	select {
	case <-until:
	case <-s.stopped:
		Abort()
	}
}

// Abort ends a handler and breaks its connection: to return would answer with 200.
func Abort() { panic(http.ErrAbortHandler) }

// Refuse answers with a status. It reads the body first, at most so many bytes, so that the
// client reads the answer.
func Refuse(w http.ResponseWriter, r *http.Request, maxBody int64, status int) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody))
	http.Error(w, http.StatusText(status), status)
}
