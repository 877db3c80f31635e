package segmenttest_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// serving lists the goroutines of servers and handlers of this package.
func serving() (stacks []string) {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "net/http.(*conn).serve") || strings.Contains(stack, "(*Segment).") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

func TestSegmentLeavesNoGoroutines(t *testing.T) {
	t.Run("use", func(t *testing.T) {
		segment := segmenttest.New(t, segmenttest.Workspace{Destinations: []string{"Amplitude"}})
		never := make(chan struct{})
		segment.Script(segmenttest.Fault{Until: never}, segmenttest.Fault{Delay: time.Hour})
		for range 2 {
			go func() {
				response, err := http.Post(segment.URL()+"/v1/batch", "application/json", strings.NewReader("{}"))
				if err == nil {
					response.Body.Close()
					t.Error("a request that hung was answered")
				}
				never <- struct{}{}
			}()
		}
		for segment.Requests() < 2 {
			runtime.Gosched()
		}
		segment.Stop()
		<-never
		<-never
		segment.Stop() // again, as the end of the test does
	})
	// A goroutine that has said it is done may still have an instruction left.
	for deadline := time.Now().Add(time.Minute); len(serving()) > 0 && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	require.Empty(t, serving())
}
