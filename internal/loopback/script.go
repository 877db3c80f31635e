package loopback

import "sync"

// A Script has the faults F of the requests to come, and counts requests. Its methods may be
// called from many goroutines at once.
type Script[F any] struct {
	mu       sync.Mutex
	faults   []F
	requests int
}

// Add adds faults: each request takes the next one.
func (s *Script[F]) Add(faults ...F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Next counts a request, and returns its fault: the zero F when none is left.
func (s *Script[F]) Next() (f F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

// Requests returns how many requests were counted.
func (s *Script[F]) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Recount counts requests from 0. The faults stay.
func (s *Script[F]) Recount() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = 0
}
