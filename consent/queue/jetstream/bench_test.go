package jetstream_test

import (
	"fmt"
	"testing"

	"github.com/go-consent/segment/consent/queue/jetstream"
)

func BenchmarkPut(b *testing.B) {
	for _, g := range []int{1, 32, 64} {
		b.Run(fmt.Sprint("goroutines=", g), func(b *testing.B) {
			q := open(b, jetstream.Options{Dir: b.TempDir(), MaxBytes: 20 << 30})
			c := captured("m", "user", "anonymous")
			b.SetParallelism((g + 1) / 2)
			if g == 1 {
				b.ReportAllocs()
				for b.Loop() {
					if err := q.Put(b.Context(), c); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := q.Put(b.Context(), c); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
