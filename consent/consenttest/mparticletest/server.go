package mparticletest

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// A run is the server until Stop.
type run struct {
	server   *http.Server
	stopped  chan struct{} // closed: let go of everything
	serving  chan struct{} // closed when the server accepts no more
	handlers sync.WaitGroup
}

func (s *Server) listen() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("mparticletest: the fake cannot listen: %w", err)
	}
	s.address = listener.Addr().String()
	r := &run{stopped: make(chan struct{}), serving: make(chan struct{})}
	r.server = &http.Server{ReadTimeout: 30 * time.Second}
	r.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if !s.enter(r) {
			panic(http.ErrAbortHandler) // returning would answer with 200
		}
		defer r.handlers.Done()
		s.serve(w, request, r)
	})
	go func() {
		defer close(r.serving)
		_ = r.server.Serve(listener) // it ends with Stop
	}()
	s.running = r
	return nil
}

// enter counts a handler, unless the server was stopped.
func (s *Server) enter(r *run) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != r {
		return false
	}
	r.handlers.Add(1)
	return true
}

// Stop breaks all connections, those that hang included, and waits until nothing of them is
// left.
func (s *Server) Stop() {
	s.mu.Lock()
	r := s.running
	s.running = nil
	s.mu.Unlock()
	if r == nil {
		return
	}
	close(r.stopped)
	_ = r.server.Close() // there is nobody to tell
	<-r.serving
	r.handlers.Wait()
}
