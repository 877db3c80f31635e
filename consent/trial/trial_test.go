package trial_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/trial"
	"github.com/go-consent/segment/destinations"
)

// losses sends a message through a client and returns what each destination loses, and why.
func losses(t *testing.T, p consent.Policy, s consent.State, m analytics.Message, workspace ...string) map[string]string {
	t.Helper()
	observer := trial.New(p, workspace...)
	quiet(t)
	client := consent.New(consent.Discard, p, &consent.Options{DangerouslySendUnchanged: observer.Observe})
	require.NoError(t, client.With(s).Enqueue(m))
	got := make(map[string]string)
	for _, d := range observer.Report().Destinations {
		require.LessOrEqual(t, d.Messages, uint64(1))
		switch {
		case d.Absent:
			got[d.Name] = "absent"
		case d.Messages == 0:
			got[d.Name] = "closed today"
		case d.Lost == 0:
			got[d.Name] = "kept"
		default:
			require.Len(t, d.Losses, 1)
			got[d.Name] = strings.Trim(string(d.Losses[0].Reason)+": "+d.Losses[0].Cause, ": ")
		}
	}
	return got
}

func TestWhyADestinationLoses(t *testing.T) {
	storage := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
		"analytics": {"Amplitude"}, "archive": {"Amazon S3"},
	}})
	warehouses := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude", "BigQuery"}}})
	unlisted := destinations.MustCompile(destinations.Config{Categories: map[string][]string{"analytics": {"Amplitude"}}, AllowUnlisted: true})
	visitors := destinations.MustCompile(destinations.Config{})
	track := analytics.Track{UserId: "u", Event: "e"}
	granted := consent.NewState(map[string]bool{"analytics": true})
	type m = map[string]string
	notListed := string(consent.ReasonNotListed)
	for name, c := range map[string]struct {
		policy    consent.Policy
		state     consent.State
		message   analytics.Message
		workspace []string
		want      m
	}{
		"nothing listed": {
			shop, visits[0].state, track, nil,
			m{"Amplitude": "kept", "Mixpanel (Actions)": "kept", "Facebook Pixel": "kept", "Google Ads Conversions": "kept", "Intercom": "kept", "Sift": "kept",
				"any warehouse": notListed, "any other destination": notListed, "Amazon S3, data lakes, profiles": "kept"},
		},
		"storage is denied, and keeps the message from all": {
			storage, granted.Restrict(consent.NewState(map[string]bool{"archive": false})), track, []string{"Amplitude", "Amazon S3", "Engage", "Slack"},
			m{"Amplitude": string(consent.SuppressedUnstoppable) + ": Amazon S3", "Amazon S3": string(consent.ReasonCategoryDenied) + ": archive",
				"Engage": string(consent.SuppressedUnstoppable) + ": Amazon S3", "Slack": notListed},
		},
		"a warehouse without Warehouses": {
			warehouses, granted, track, []string{"Amplitude", "BigQuery", "Snowflake"},
			m{"Amplitude": "kept", "BigQuery": string(consent.ReasonWarehouses), "Snowflake": notListed},
		},
		"unlisted are allowed": {
			unlisted, granted, track, []string{"Amplitude", "Slack", "Snowflake", "Slack"},
			m{"Amplitude": "kept", "Slack": "kept", "Snowflake": "kept"},
		},
		"unlisted are open, and one denied by name": {
			unlisted, granted.WithDestinations(map[string]bool{"Amplitude": true, "Slack": false}), track, []string{"Amplitude", "Slack", "Warehouses"},
			m{"Amplitude": "kept", "Slack": string(consent.ReasonUnlistedDenied), "Warehouses": "kept"},
		},
		"nobody looked": {
			unlisted, consent.All(consent.Denied), track, []string{"Amplitude", "Slack", "Redshift"},
			m{"Amplitude": string(consent.ReasonNothingRead), "Slack": notListed, "Redshift": notListed},
		},
		"the application closes it today": {
			shop, consent.All(consent.Denied), analytics.Track{UserId: "u", Event: "e", Integrations: analytics.Integrations{"All": false, "Mixpanel": map[string]any{}, "Warehouses": map[string]any{"all": false}}},
			[]string{"Mixpanel", "Sift", "Snowflake"},
			m{"Mixpanel (Actions)": string(consent.ReasonNothingRead), "Sift": "closed today", "Snowflake": "closed today",
				"Amplitude": "absent", "Facebook Pixel": "absent", "Google Ads Conversions": "absent", "Intercom": "absent"},
		},
		"the visitor's own list": {
			visitors, consent.NewState(nil).WithDestinations(map[string]bool{"Amplitude": true, "jane@example.com": true}), track, []string{"Amplitude", "Slack"},
			m{"Amplitude": "kept", "Slack": notListed},
		},
		"no policy": {
			nil, granted, track, []string{"Amplitude", "Amazon S3"},
			m{"Amplitude": string(consent.SuppressedNothingAllowed), "Amazon S3": string(consent.SuppressedNothingAllowed)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, losses(t, c.policy, c.state, c.message, c.workspace...))
		})
	}
	require.Empty(t, trial.New((*destinations.Policy)(nil), "x").Report().Destinations)
	require.Empty(t, trial.New(panicking{}).Report().Destinations)
}

type panicking struct{}

func (panicking) Decide(consent.State) consent.Decision { panic("no decision") }

func TestMemoryIsBounded(t *testing.T) {
	var names []string
	var verdicts []consent.Verdict
	for i := range 600 {
		names = append(names, fmt.Sprint("Destination ", i))
	}
	observer := trial.New(nil, names...)
	long := strings.Repeat("x", 200) + "\xff"
	for i := range 250 {
		verdicts = nil
		for _, name := range names {
			verdicts = append(verdicts, consent.Verdict{Destination: name, Reason: consent.Reason(fmt.Sprint(i, long)), Cause: long})
		}
		d := consent.NewDecision(map[string]bool{"analytics": false}, verdicts, false)
		observer.Observe(analytics.Track{UserId: "u", Event: fmt.Sprint(i, long)}, d, consent.SuppressedNothingAllowed)
	}
	r := observer.Report()
	require.EqualValues(t, 250, r.Messages)
	require.Len(t, r.Events, 201)
	require.Len(t, r.Destinations, 500)
	cells := 0
	for _, d := range r.Destinations {
		require.EqualValues(t, 250, d.Lost, "nothing is left uncounted")
		require.LessOrEqual(t, len(d.Losses), 51)
		for _, l := range d.Losses {
			cells += len(l.Events)
		}
	}
	require.LessOrEqual(t, cells, 20_000+500*51)
	b, err := json.Marshal(r)
	require.NoError(t, err)
	require.Less(t, len(b), 16<<20)
	twice := trial.Merge(r, r)
	require.EqualValues(t, 500, twice.Messages)
	require.EqualValues(t, 500, twice.Destinations[0].Lost)
	require.Equal(t, trial.Report{}, trial.Merge())
}

func TestManyGoroutines(t *testing.T) {
	observer := trial.New(shop)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				observer.Observe(analytics.Page{UserId: "u"}, shop.Decide(consent.NewState(nil)), "")
				_ = observer.Report().String()
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1600, observer.Take().Messages)
	observer.Observe(nil, consent.Decision{}, "")
	require.Zero(t, observer.Report().Messages)
}

func TestServe(t *testing.T) {
	observer := trial.New(shop, workspace...)
	serve := func(method, target string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		observer.ServeHTTP(w, httptest.NewRequest(method, target, nil))
		return w
	}
	require.Contains(t, serve("GET", "/").Body.String(), "no message yet")
	observer.Observe(analytics.Track{UserId: "u", Event: "<script>alert(1)</script>"}, shop.Decide(consent.NewState(nil)), "")
	page := serve("GET", "/")
	require.Equal(t, http.StatusOK, page.Code)
	require.Equal(t, "no-store", page.Header().Get("Cache-Control"))
	require.Contains(t, page.Body.String(), "&lt;script&gt;")
	require.NotContains(t, page.Body.String(), "<script")
	require.Contains(t, serve("GET", "/?format=text").Body.String(), "no answer, and the policy is opt-in")
	var r trial.Report
	require.NoError(t, json.Unmarshal(serve("GET", "/?format=json").Body.Bytes(), &r))
	got, err := json.Marshal(r)
	require.NoError(t, err)
	want, err := json.Marshal(observer.Report())
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.Equal(t, http.StatusMethodNotAllowed, serve("POST", "/").Code)
}
