package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const output = `goos: linux
BenchmarkDecide/destinations=10-2     100  9.5 ns/op
BenchmarkDecide/destinations=10-2     100  99.5 ns/op
BenchmarkDecide/destinations=10-2     100  10.5 ns/op
BenchmarkDecide/destinations=100-2    100  11 ns/op
BenchmarkDecide/destinations=1000-2   100  12 ns/op
BenchmarkVisitors/visitors=1-2        100  400 ns/op   384 B/op
BenchmarkVisitors/visitors=1000-2     100  2500 ns/op
BenchmarkVisitors/visitors=1000000-2  100  2600 ns/op
BenchmarkParallel/goroutines=1/impl=library-2    100  1000 ns/op
BenchmarkParallel/goroutines=2/impl=library-2  100  500 ns/op
BenchmarkParallel/goroutines=4/impl=library-2  100  510 ns/op
BenchmarkParallel/goroutines=8/impl=library-2  100  520 ns/op
BenchmarkParallel/goroutines=16/impl=library-2  100  530 ns/op
PASS
`

func TestDraw(t *testing.T) {
	results, err := read(strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := draw(&b, results); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">10 ns<", ">2.5 µs<", ">1,000,000<", ">16<", "different visitors"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the picture does not show %s", want)
		}
	}
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestMissingResultsAreAnError(t *testing.T) {
	results, err := read(strings.NewReader(strings.Replace(output, "goroutines=8", "goroutines=7", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := draw(io.Discard, results); err == nil || !strings.Contains(err.Error(), "goroutines") {
		t.Errorf("the error is %v", err)
	}
	if _, err := read(strings.NewReader("BenchmarkX 1 many ns/op")); err == nil {
		t.Error("no error for a value that is not a number")
	}
}
