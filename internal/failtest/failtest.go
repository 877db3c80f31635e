// Package failtest tests test helpers: it runs a test that is expected to fail, and
// returns its failures.
package failtest

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A TB is a test that may fail without failing the test it wraps.
type TB struct {
	testing.TB

	mu       sync.Mutex
	helper   bool
	failures []string
	cleanups []func()
}

// Helper notes that a failure is reported at the line of the test.
func (tb *TB) Helper() {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.helper = true
}

// Errorf records the failure.
func (tb *TB) Errorf(format string, args ...any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.failures = append(tb.failures, fmt.Sprintf(format, args...))
}

// Fatalf records the failure and ends the test.
func (tb *TB) Fatalf(format string, args ...any) {
	tb.Errorf(format, args...)
	runtime.Goexit()
}

// FailNow ends the test, after an Errorf.
func (tb *TB) FailNow() { runtime.Goexit() }

// Cleanup keeps the function for End.
func (tb *TB) Cleanup(cleanup func()) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.cleanups = append(tb.cleanups, cleanup)
}

// End calls the cleanups, the last first, as at the end of a test.
func (tb *TB) End() {
	tb.mu.Lock()
	cleanups := tb.cleanups
	tb.cleanups = nil
	tb.mu.Unlock()
	for i := range cleanups {
		cleanups[len(cleanups)-1-i]()
	}
}

// Failures returns the failures so far.
func (tb *TB) Failures() []string {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	return tb.failures
}

// All runs a test to its end, on a goroutine of its own as the testing package does, and
// returns how it failed. The test must use only the TB it gets: the FailNow of t would
// not end it on another goroutine.
func All(t testing.TB, test func(testing.TB)) []string {
	t.Helper()
	tb := &TB{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer tb.End()
		test(tb)
	}()
	<-ended
	if len(tb.failures) > 0 && !tb.helper {
		t.Errorf("a failure is reported at the line of the helper, not of the test")
	}
	return tb.failures
}

// One is All for a test that has to fail once.
func One(t testing.TB, test func(testing.TB)) string {
	t.Helper()
	all := All(t, test)
	if len(all) != 1 {
		t.Fatalf("%d failures, want 1\n%s", len(all), strings.Join(all, "\n"))
	}
	return all[0]
}
