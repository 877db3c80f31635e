package rudderstack_test

import (
	"io"
	"log"
	"net/http"
	"testing"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent/rudderstack"
)

// drain takes everything.
type drain struct{}

func (drain) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
}

// BenchmarkEnqueueAndDeliver compares RudderStack's client alone with what is built on it.
func BenchmarkEnqueueAndDeliver(b *testing.B) {
	config := rudder.Config{DataPlaneUrl: "https://plane.example", Transport: drain{}, Logger: rudder.StdLogger(log.New(io.Discard, "", 0))}
	b.Run("impl=rudder", func(b *testing.B) {
		client, err := rudder.NewWithConfig("key", config)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for range b.N {
			_ = client.Enqueue(rudder.Track{UserId: "u1", Event: "Order Completed", Properties: rudder.Properties{"total": 24.90}})
		}
		_ = client.Close()
	})
	b.Run("impl=library", func(b *testing.B) {
		client, err := rudderstack.New("key", config, rudderstack.Router{}, policy, nil)
		if err != nil {
			b.Fatal(err)
		}
		visitor := client.With(accept)
		b.ReportAllocs()
		for range b.N {
			_ = visitor.Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.Properties{"total": 24.90}})
		}
		_ = client.Close()
	})
}
