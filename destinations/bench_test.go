package destinations

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// sized returns a Config of n destinations in 5 categories, and a visitor who granted four of
// the categories.
func sized(n int) (Config, consent.State) {
	c := Config{Categories: map[string][]string{}}
	answers := m{}
	for i := range n {
		category := fmt.Sprint("category ", i%5)
		c.Categories[category] = append(c.Categories[category], fmt.Sprint("Destination ", i))
		answers[category] = i%5 != 4
	}
	return c, consent.NewState(answers)
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		config, s := sized(n)
		p := MustCompile(config)
		b.Run(fmt.Sprintf("seen/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(s)
			}
		})
		b.Run(fmt.Sprintf("new/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Decide(s.WithDestinations(m{fmt.Sprint(i): true}))
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	data, err := os.ReadFile(sampleFile)
	require.NoError(b, err)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, err := Load(bytes.NewReader(data))
		require.NoError(b, err)
	}
}

func BenchmarkAudit(b *testing.B) {
	r, o := audited(b)
	for b.Loop() {
		_, err := Audit(r, o)
		require.NoError(b, err)
	}
}
