// Command chart draws how the costs of consent grow, from the output of the
// benchmarks on its standard input, as an SVG picture on its standard output.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A panel is one of the pictures: the benchmarks whose names match have the
// horizontal axis in their name.
type panel struct {
	title, axis string
	name        *regexp.Regexp
	ticks       []int
}

var panels = []panel{
	{"Decide, an answer seen before", "destinations", regexp.MustCompile(`^BenchmarkDecide/destinations=(\d+)(?:-\d+)?$`), []int{10, 100, 1000}},
	{"Middleware, a whole request", "different visitors", regexp.MustCompile(`^BenchmarkVisitors/visitors=(\d+)(?:-\d+)?$`), []int{1, 1000, 1_000_000}},
	{"Enqueue, all goroutines together", "goroutines", regexp.MustCompile(`^BenchmarkParallel/goroutines=(\d+)/impl=library(?:-\d+)?$`), []int{1, 2, 4, 8, 16}},
}

func main() {
	results, err := read(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	if err := draw(os.Stdout, results); err != nil {
		log.Fatal(err)
	}
}

// read returns the times of each benchmark in nanoseconds, by its whole name.
func read(r io.Reader) (map[string][]float64, error) {
	results := make(map[string][]float64)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || fields[3] != "ns/op" {
			continue
		}
		ns, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, fmt.Errorf("chart: %w", err)
		}
		results[fields[0]] = append(results[fields[0]], ns)
	}
	return results, lines.Err()
}

// medians returns the median of the times at each tick of the panel.
func (p panel) medians(results map[string][]float64) ([]float64, error) {
	medians := make([]float64, len(p.ticks))
	for name, times := range results {
		match := p.name.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		at, _ := strconv.Atoi(match[1])
		if i := slices.Index(p.ticks, at); i >= 0 {
			times = slices.Sorted(slices.Values(times))
			medians[i] = times[len(times)/2]
		}
	}
	if slices.Contains(medians, 0) {
		return nil, fmt.Errorf("chart: no result for some of the %s", p.axis)
	}
	return medians, nil
}

const (
	width, height = 280, 180 // of a panel's plot
	left, top     = 64, 40
)

func draw(w io.Writer, results map[string][]float64) error {
	var b strings.Builder
	total := len(panels) * (left + width + 24)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12">`+"\n", total, top+height+56)
	b.WriteString("<style>text{fill:#24292f}.soft{fill:#57606a}.line{stroke:#0f6e56;stroke-width:2;fill:none}.dot{fill:#0f6e56}.grid{stroke:#d0d7de}" +
		"@media (prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.line{stroke:#5dcaa5}.dot{fill:#5dcaa5}.grid{stroke:#30363d}}</style>\n")
	for i, p := range panels {
		medians, err := p.medians(results)
		if err != nil {
			return err
		}
		p.draw(&b, i*(left+width+24)+left, medians)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (p panel) draw(b *strings.Builder, x0 int, medians []float64) {
	highest := slices.Max(medians) * 1.25
	x := func(i int) int { return x0 + width*(2*i+1)/(2*len(p.ticks)) }
	y := func(ns float64) int { return top + height - int(ns/highest*height) }

	fmt.Fprintf(b, `<text x="%d" y="20" font-weight="600">%s</text>`+"\n", x0, html.EscapeString(p.title))
	for _, part := range []float64{0, 0.5, 1} {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%d" y2="%[3]d"/>`, x0, x0+width, y(part*highest))
		fmt.Fprintf(b, `<text class="soft" x="%d" y="%d" text-anchor="end">%s</text>`+"\n", x0-6, y(part*highest)+4, duration(part*highest))
	}
	var points []string
	for i, ns := range medians {
		points = append(points, fmt.Sprintf("%d,%d", x(i), y(ns)))
		fmt.Fprintf(b, `<circle class="dot" cx="%d" cy="%d" r="4"/>`, x(i), y(ns))
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, x(i), y(ns)-10, duration(ns))
		fmt.Fprintf(b, `<text class="soft" x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", x(i), top+height+18, thousands(p.ticks[i]))
	}
	fmt.Fprintf(b, `<polyline class="line" points="%s"/>`, strings.Join(points, " "))
	fmt.Fprintf(b, `<text class="soft" x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", x0+width/2, top+height+40, html.EscapeString(p.axis))
}

func duration(ns float64) string {
	switch {
	case ns == 0:
		return "0"
	case ns < 1000:
		return fmt.Sprintf("%.0f ns", ns)
	default:
		return fmt.Sprintf("%.1f µs", ns/1000)
	}
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
