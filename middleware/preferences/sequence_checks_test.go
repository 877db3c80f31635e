package preferences_test

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// checkShown compares what the endpoint shows with the cookie.
func (v *visit) checkShown(t *testing.T, w *httptest.ResponseRecorder, after consent.State, d consent.Decision) {
	t.Helper()
	shows := []*httptest.ResponseRecorder{v.do(request{method: "GET", cookies: v.cookies()})}
	if w.Code == 200 {
		shows = append(shows, w)
	}
	for _, w := range shows {
		var got shown
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			v.fail(t, "%v", err)
		}
		if !got.Decided || !maps.Equal(got.Categories, collect(after.Categories())) || !maps.Equal(got.Destinations, collect(after.Destinations())) {
			v.fail(t, "%s is shown for %s", w.Body, after)
		}
		for verdict := range d.Verdicts() {
			if got.allowed()[verdict.Destination] != verdict.Allowed {
				v.fail(t, "%s is shown otherwise: %s", verdict.Destination, w.Body)
			}
		}
	}
}

// checkWire sends an event, and compares where it goes with the cookie.
func (v *visit) checkWire(t *testing.T, after consent.State, d consent.Decision) {
	t.Helper()
	var sent consenttest.Recorder
	if err := consent.New(&sent, v.policy, nil).With(after).Enqueue(analytics.Track{Event: "e", UserId: "u"}); err != nil {
		v.fail(t, "%v", err)
	}
	events := sent.Events()
	if _, suppressed := consent.AtSegment(d); suppressed != "" || len(events) == 0 {
		if len(events) > 0 || suppressed == "" {
			v.fail(t, "%d events, suppressed for %q", len(events), suppressed)
		}
		return
	}
	var got wire
	if err := json.Unmarshal(events[0].JSON, &got); err != nil {
		v.fail(t, "%v", err)
	}
	_, closed := got.Integrations["All"]
	for verdict := range d.Verdicts() {
		value, named := got.Integrations[verdict.Destination]
		if open := value != false && (named || !closed); open != verdict.Allowed {
			v.fail(t, "%s is %v on the wire: %s", verdict.Destination, value, events[0].JSON)
		}
	}
}

// store keeps what a browser would, the last of several lines.
func (v *visit) store(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(v.jar, c.Name)
		} else {
			v.jar[c.Name] = c.Value
		}
	}
}
