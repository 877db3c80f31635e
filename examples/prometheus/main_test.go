package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

// scrape serves a visitor of every kind, and returns what Prometheus then scrapes.
func scrape(t *testing.T) string {
	segment, err := segmenttest.Start(segmenttest.Workspace{Destinations: []string{"Amplitude"}})
	require.NoError(t, err)
	t.Cleanup(segment.Stop)
	handler, client, worker, err := site(segment.WriteKey(), segment.Config())
	require.NoError(t, err)
	for _, v := range (consenttest.Site{}).Visitors() {
		handler.ServeHTTP(httptest.NewRecorder(), v.Request("GET", "/", nil))
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/forgotten", nil))
	accepted := httptest.NewRequest("GET", "/later", nil)
	accepted.AddCookie(&http.Cookie{Name: "tracking-preferences", Value: `{%22custom%22:{%22advertising%22:true%2C%22marketingAndAnalytics%22:true}}`})
	handler.ServeHTTP(httptest.NewRecorder(), accepted)
	ctx, stop := context.WithCancel(t.Context())
	working := make(chan error)
	go func() { working <- worker.Run(ctx) }()
	require.Eventually(t, func() bool { return worker.Stats().Sent == 1 }, 10*time.Second, time.Millisecond)
	stop()
	require.ErrorIs(t, <-working, context.Canceled)
	handler.ServeHTTP(httptest.NewRecorder(), accepted)
	_, err = client.Shutdown(t.Context())
	require.NoError(t, err)

	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	response, err := http.Get(server.URL + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

func TestMetrics(t *testing.T) {
	text := scrape(t)
	for _, line := range []string{
		`consent_messages_unbound_total 1`,
		`consent_messages_pending 0`,
		`consent_queue_waiting 1`,
		`consent_queue_in_flight 0`,
		`consent_queue_deliveries_total{outcome="sent"} 1`,
		`consent_queue_dead_total{reason="refused"} 0`,
		`consent_messages_total{outcome="failed"} 0`,
		`consent_decisions_total{allowed="true",destination="Amplitude",reason="the visitor granted every category of it"} `,
		`consent_decisions_total{allowed="false",destination="Facebook Pixel",reason="the visitor denied a category"} `,
	} {
		require.Contains(t, text, line)
	}
	require.NotRegexp(t, `(?m)^consent_errors_total 0$`, text, "some cookies are malformed")
}

// The dashboard and the alerts use only metrics that exist, and use all of them.
func TestDashboardAndAlertsAskForWhatThereIs(t *testing.T) {
	text := scrape(t)
	names := regexp.MustCompile(`\bconsent_[a-z_]+\b`)
	var exposed []string
	for _, match := range regexp.MustCompile(`(?m)^# TYPE (consent_\w+)`).FindAllStringSubmatch(text, -1) {
		exposed = append(exposed, match[1])
	}
	var all []string
	for _, name := range []string{"dashboard.json", "alerts.yml"} {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		asked := names.FindAllString(string(content), -1)
		slices.Sort(asked)
		require.Subset(t, exposed, slices.Compact(asked), name)
		all = append(all, asked...)
	}
	require.Subset(t, all, exposed)
	content, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	require.True(t, json.Valid(content))
}
