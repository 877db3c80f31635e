package delivery

import (
	"fmt"
	"log"
	"os"
	"strings"
	"unicode"

	"github.com/segmentio/analytics-go/v3"
)

// A Logger writes to the application's logger: one line per call, and never a message.
// Panics of the application's logger are recovered.
type Logger struct{ next analytics.Logger }

// NewLogger returns a Logger. Without another one, it writes to standard error.
func NewLogger(next analytics.Logger) Logger {
	if next == nil {
		next = analytics.StdLogger(log.New(os.Stderr, "segment ", log.LstdFlags))
	}
	return Logger{next}
}

// Logf writes a line that is no error.
func (l Logger) Logf(format string, args ...any) { write(l.next.Logf, format, args) }

// Errorf writes a line about an error.
func (l Logger) Errorf(format string, args ...any) { write(l.next.Errorf, format, args) }

func write(to func(string, ...any), format string, args []any) {
	defer func() { _ = recover() }() // there is nowhere left to report it
	to("%s", oneLine(fmt.Sprintf(format, args...)))
}

// oneLine replaces characters that could begin another line or control a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// upstream is the Logger of analytics-go's clients. A message and the text of a response
// or a panic may contain personal data, so only their types are written.
type upstream struct{ to Logger }

func (u upstream) Logf(format string, args ...any) { u.write(u.to.Logf, format, args) }

func (u upstream) Errorf(format string, args ...any) { u.write(u.to.Errorf, format, args) }

// Lines that repeat the attempts, or that are expected: each client is closed at once.
var unwritten = map[string]bool{
	"sending request - %s": true,
	"response %s":          true,
	"%d messages dropped because they failed to be sent and the client was closed": true,
	"exit requested – draining messages":                                           true,
	"exit":                                                                         true,
}

func (u upstream) write(to func(string, ...any), format string, args []any) {
	if unwritten[format] {
		return
	}
	shown := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case int:
			shown[i] = arg
		case error:
			shown[i] = described(arg)
		default:
			shown[i] = fmt.Sprintf("%T", arg)
		}
	}
	to(format, shown...)
}
