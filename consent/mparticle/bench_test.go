package mparticle_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/segmentio/analytics-go/v3"
)

// BenchmarkEnqueueAndDeliver sends to a transport that takes everything.
func BenchmarkEnqueueAndDeliver(b *testing.B) {
	client := newClient(b, through(func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		return response(202, ""), err
	}), nil)
	visitor := client.With(accept)
	b.ReportAllocs()
	for range b.N {
		if visitor.Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}}) != nil {
			_ = client.Flush(b.Context()) // it was full
		}
	}
	_ = client.Close()
}
