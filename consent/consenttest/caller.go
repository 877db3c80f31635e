package consenttest

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// maxCallers is how many functions of the application a failure names, such as a method track
// and the functions that call it.
const maxCallers = 3

// caller returns where the application enqueues the message that is being recorded, such
// as "track (backend.go:99), called by ship (backend.go:88)", or "" if it is not known.
func caller() string {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	var names []string
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, library+"middleware."):
			more = more && len(names) == 0
		case isLibrary(frame.Function):
		case isStandard(frame.Function):
			more = more && len(names) == 0
		default:
			names = append(names, fmt.Sprintf("%s (%s:%d)", short(frame.Function), path.Base(frame.File), frame.Line))
		}
		if !more || len(names) == maxCallers {
			return strings.Join(names, ", called by ")
		}
	}
}

const library = "github.com/go-consent/segment/"

func isLibrary(function string) bool {
	for _, prefix := range []string{
		library + "consent.", library + "consent/consenttest.", library + "internal/",
		"github.com/segmentio/analytics-go/",
	} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
}

// isStandard reports whether a function is of the standard library. The path of any other begins
// with the name of a host, except for package main.
func isStandard(function string) bool {
	first, _, inPath := strings.Cut(function, "/")
	if !inPath {
		first, _, _ = strings.Cut(function, ".")
		return first != "main"
	}
	return !strings.Contains(first, ".")
}

// short returns the name of a function without its package, a method without its type, and
// that of the function around a literal.
func short(function string) string {
	name := path.Base(function)
	_, name, _ = strings.Cut(name, ".")
	name, _, _ = strings.Cut(name, ".func")
	if end := strings.Index(name, ")."); end >= 0 {
		name = name[end+2:]
	}
	return name
}
