package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

func TestItPrintsWhatArrives(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reader, out := io.Pipe()
	over := make(chan error, 1)
	go func() { over <- run(ctx, out) }()
	lines := bufio.NewReader(reader)
	line := func(after string) string {
		text, err := lines.ReadString('\n')
		require.NoError(t, err)
		_, rest, found := strings.Cut(strings.TrimSpace(text), after)
		require.True(t, found, text)
		return rest
	}
	key, url := line("export WRITE_KEY="), line("./durable -segment ")
	client, err := analytics.NewWithConfig(key, analytics.Config{Endpoint: url})
	require.NoError(t, err)
	for _, m := range []analytics.Message{
		analytics.Track{MessageId: "m1", UserId: "u", Event: "Ordered", Integrations: analytics.Integrations{"All": false, "Webhooks": true}},
		analytics.Page{MessageId: "m2", UserId: "u", Name: "Home", Integrations: analytics.Integrations{"All": false}},
	} {
		require.NoError(t, client.Enqueue(m))
	}
	require.NoError(t, client.Close())
	require.Equal(t, "track Ordered, to Webhooks", line("m1 "))
	require.Equal(t, "page Home, to no destination", line("m2 "))
	stop()
	require.NoError(t, <-over)
}
