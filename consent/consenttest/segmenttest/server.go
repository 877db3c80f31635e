package segmenttest

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// A run is the server between Restart and Stop.
type run struct {
	server      *http.Server
	stopped     chan struct{}  // closed: let go of everything
	serving     chan struct{}  // closed when the server accepts no more
	connections sync.WaitGroup // until each is closed and its handler has returned
}

// Restart starts s again, at the same address, after Stop. While it runs, Restart does
// nothing. The error is that of listening.
func (s *Segment) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return nil
	}
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("segmenttest: the fake Segment cannot listen: %w", err)
	}
	s.address = listener.Addr().String()
	r := &run{stopped: make(chan struct{}), serving: make(chan struct{})}
	r.server = &http.Server{
		Handler:     s.handler(r),
		ReadTimeout: 30 * time.Second,
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				r.connections.Add(1)
				select {
				case <-r.stopped:
					c.Close() // Close of the server may have missed it
				default:
				}
			case http.StateClosed:
				r.connections.Done()
			}
		},
	}
	go func() {
		defer close(r.serving)
		_ = r.server.Serve(listener) // it ends with Stop
	}()
	s.running = r
	return nil
}

// Stop breaks all connections, those that hang included, and waits until nothing of
// them is left. Connections are refused until Restart.
func (s *Segment) Stop() {
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
	r.connections.Wait()
}
