package queue_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// A blocking transport answers when it is released.
type blocking struct{ release chan struct{} }

func (b *blocking) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	select {
	case <-b.release:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader([]byte(`{}`)))}, nil
}

type silent struct{}

func (silent) Logf(string, ...any)   {}
func (silent) Errorf(string, ...any) {}

func newSegment(t *testing.T, transport http.RoundTripper) *consent.Client {
	t.Helper()
	c, err := consent.NewSegment("key", analytics.Config{Transport: transport, Logger: silent{}}, policy, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
