package rudderstack

import (
	"fmt"
	"log"

	rudder "github.com/rudderlabs/analytics-go/v4"
)

// A quiet gives the Logger of the application no message, and not what the server answered.
// RudderStack's client would print both.
type quiet struct{ next rudder.Logger }

func newQuiet(next rudder.Logger) quiet {
	if next == nil {
		next = rudder.StdLogger(log.Default())
	}
	return quiet{next}
}

// Logf passes on nothing: it is about requests that went well, and quotes answers.
func (q quiet) Logf(string, ...any) {}

// Errorf passes on numbers, and the type of everything else.
func (q quiet) Errorf(format string, args ...any) {
	shown := make([]any, len(args))
	for i, arg := range args {
		if _, ok := arg.(int); ok {
			shown[i] = arg
		} else {
			shown[i] = fmt.Sprintf("%T", arg)
		}
	}
	q.next.Errorf(format, shown...)
}
