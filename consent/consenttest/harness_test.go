package consenttest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A fakeTB is a test that may fail without failing the real one.
type fakeTB struct {
	testing.TB
	mu       sync.Mutex
	helper   bool
	failures []string
	cleanups []func()
}

func (f *fakeTB) Helper() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.helper = true
}

func (f *fakeTB) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fakeTB) Cleanup(cleanup func()) { f.cleanups = append(f.cleanups, cleanup) }

// failures runs a test to its end, as the testing package does, and returns how it
// failed.
func failures(t *testing.T, test func(testing.TB)) []string {
	t.Helper()
	tb := &fakeTB{TB: t}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() {
			for i := range tb.cleanups {
				tb.cleanups[len(tb.cleanups)-1-i]()
			}
		}()
		test(tb)
	})
	wg.Wait()
	if len(tb.failures) > 0 {
		require.True(t, tb.helper, "a failure is reported at the line of the helper, not of the test")
	}
	return tb.failures
}

// failure is failures for a test that has to fail once.
func failure(t *testing.T, test func(testing.TB)) string {
	t.Helper()
	all := failures(t, test)
	require.Len(t, all, 1, strings.Join(all, "\n"))
	return all[0]
}
