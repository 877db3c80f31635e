package snowplow_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/snowplow"
)

// BenchmarkEnqueueAndDeliver is the way of an event to the bytes of a request.
func BenchmarkEnqueueAndDeliver(b *testing.B) {
	client, err := snowplow.New(snowplow.Config{Collector: "https://c.example", Transport: transport(func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
	})}, router, policy, nil)
	if err != nil {
		b.Fatal(err)
	}
	visitor := client.With(accept)
	b.ReportAllocs()
	for range b.N {
		for visitor.Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}}) == consent.ErrFull {
			time.Sleep(time.Millisecond)
		}
	}
	_ = client.Close()
}
