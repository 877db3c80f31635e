package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/workspaces"
)

// open opens the site with two fake Segments behind it.
func open(t *testing.T) (s *site, h http.Handler, european, american *segmenttest.Segment) {
	t.Helper()
	european, american = segmenttest.New(t, workspace), segmenttest.New(t, workspace)
	s, err := newSite(segmentOf(european), segmentOf(american), log.New(io.Discard, "", 0))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.router.Close() }) // a test may have ended it
	return s, cdn(s.handler()), european, american
}

// visit requests a path of the site, as a visitor from a place.
func visit(h http.Handler, place, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path+"?from="+place, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	accepted = `tracking-preferences={"version":1,"custom":{"analytics":true,"advertising":true}}`
	rejected = `tracking-preferences={"version":1,"custom":{"analytics":false,"advertising":false}}`
)

// What each visitor's event reaches in each workspace: a for Amplitude, f for Facebook Pixel.
func TestEuropeanBritishAndAmericanVisitors(t *testing.T) {
	for _, test := range []struct {
		place              string
		headers            []string
		european, american string
	}{
		{"FR", nil, "", ""},
		{"FR", []string{"Cookie", accepted}, "af", ""},
		{"NO", nil, "", ""},
		{"GB", nil, "a", ""},
		{"GB", []string{"Cookie", accepted}, "af", ""},
		{"GB", []string{"Cookie", rejected}, "", ""},
		{"US-CA", nil, "", "af"},
		{"US-CA", []string{"Sec-GPC", "1"}, "", "a"},
		{"US-CA", []string{"Cookie", accepted, "Sec-GPC", "1"}, "", "a"},
		{"US-CA", []string{"Cookie", rejected}, "", ""},
		{"US", nil, "", "af"},
		{"", nil, "", ""},
		{"", []string{"Cookie", accepted}, "af", ""},
		{"US-PR", []string{"Cookie", accepted}, "af", ""}, // a place that is not known has the strict workspace
	} {
		t.Run(test.place+" "+strings.Join(test.headers, " "), func(t *testing.T) {
			s, h, european, american := open(t)
			// Headers from the visitor do not decide about the place.
			headers := append(test.headers, "CloudFront-Viewer-Country", "US", "CF-IPCountry", "US")
			require.Equal(t, http.StatusOK, visit(h, test.place, "/", headers...).Code)
			require.NoError(t, s.router.Flush(context.Background()))
			require.Equal(t, test.european, reached(european))
			require.Equal(t, test.american, reached(american))
		})
	}
}

func reached(s *segmenttest.Segment) (letters string) {
	for _, destination := range []string{"Amplitude", "Facebook Pixel"} {
		for range s.Inbox(destination) {
			letters += strings.ToLower(destination[:1])
		}
	}
	return letters
}

// One workspace fails from time to time, and then for good. The other gets the events of its own
// visitors, and no other event.
func TestFaultsOfOneWorkspaceMoveNoMessage(t *testing.T) {
	faults := []segmenttest.Fault{
		{Status: http.StatusInternalServerError}, {Reset: true}, {HalfResponse: true},
		{Status: http.StatusTooManyRequests}, {Delay: 20 * time.Millisecond, Status: http.StatusBadGateway},
	}
	for _, failing := range []string{"european", "american"} {
		t.Run(failing, func(t *testing.T) {
			s, h, european, american := open(t)
			segments := map[string]*segmenttest.Segment{"european": european, "american": american}
			visitors := map[string]int{"european": 0, "american": 0}
			for i := range 60 {
				if i < 30 && i%6 == 0 {
					segments[failing].Script(faults[i/6])
				}
				if i == 30 {
					require.NoError(t, s.router.Flush(context.Background()), "what fails now and then is tried again")
					segments[failing].Stop()
				}
				place := []string{"FR", "US-CA", "GB", "US-TX", ""}[i%5]
				if strings.HasPrefix(place, "US") {
					visitors["american"]++
				} else {
					visitors["european"]++
				}
				require.Equal(t, http.StatusOK, visit(h, place, "/", "Cookie", accepted).Code)
			}
			healthy := map[string]string{"european": "american", "american": "european"}[failing]
			client := func(place string) *consent.Client {
				return s.router.For(workspaces.NewContext(t.Context(), place))
			}
			clients := map[string]*consent.Client{"european": client("FR"), "american": client("US-CA")}
			require.NoError(t, clients[healthy].Flush(t.Context()), "the deadline is for the other one")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			lost, err := s.router.Shutdown(ctx)
			require.NoError(t, clients[failing].Flush(t.Context())) // on a slow machine, Shutdown returns before all is told

			segments[healthy].RequireInbox(t, "Amplitude", visitors[healthy])
			segments[failing].RequireInbox(t, "Amplitude", visitors[failing]/2)
			stats := s.router.Stats()
			names := map[string]string{"european": "eu", "american": "us"}
			require.EqualValues(t, visitors[healthy], stats[names[healthy]].Delivered)
			require.EqualValues(t, visitors[failing], stats[names[failing]].Enqueued, "each was for one workspace alone")
			require.EqualValues(t, visitors[failing], stats[names[failing]].Delivered+stats[names[failing]].Failed, "and none is lost unseen")
			require.Positive(t, stats[names[failing]].Failed)
			if err != nil {
				require.NotContains(t, err.Error(), `workspace "`+names[healthy]+`"`)
			}
			t.Logf("%d delivered to the %s workspace; to the other %d delivered, %d failed, %d of them in Shutdown",
				stats[names[healthy]].Delivered, healthy, stats[names[failing]].Delivered, stats[names[failing]].Failed, lost)
		})
	}
}

func TestAnswerGoesToItsWorkspace(t *testing.T) {
	s, h, european, american := open(t)
	form := url.Values{"answer": {"deny"}}
	r := httptest.NewRequest(http.MethodPost, "/preferences?from=US-CA", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.NoError(t, s.router.Flush(context.Background()))
	require.Contains(t, string(american.RequireArrivals(t, 1)[0].JSON), consent.UpdateEvent)
	european.RequireArrivals(t, 0)
}

// Visitors without an answer are shown what their region presumes.
func TestThePreferencesShowWhatCounts(t *testing.T) {
	_, h, _, _ := open(t)
	for place, shown := range map[string]string{
		"US-CA": `"destination":"Facebook Pixel","allowed":true`,
		"FR":    `"destination":"Facebook Pixel","allowed":false`,
	} {
		w := visit(h, place, "/preferences")
		require.Contains(t, w.Body.String(), `"decided":false`)
		require.Contains(t, w.Body.String(), shown, place)
	}
}

func TestExplanationIsOnlyForThisMachine(t *testing.T) {
	_, h, _, _ := open(t)
	r := httptest.NewRequest(http.MethodGet, "/debug/consent?from=GB", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "United Kingdom")
	require.Contains(t, w.Body.String(), "may reach 1 of 2 destinations")
	require.Equal(t, http.StatusForbidden, visit(h, "GB", "/debug/consent").Code) // of the address that httptest gives
}

func TestTheProgramShowsEveryVisitor(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(context.Background(), "", &out))
	require.Equal(t, `From "FR":
  the European workspace got nothing
  the American workspace got nothing
From "GB":
  the European workspace got it, for ["Amplitude"]
  the American workspace got nothing
From "US-CA":
  the European workspace got nothing
  the American workspace got it, for ["Amplitude" "Facebook Pixel"]
From "US-CA with Global Privacy Control":
  the European workspace got nothing
  the American workspace got it, for ["Amplitude"]
From "":
  the European workspace got nothing
  the American workspace got nothing
`, out.String())
}
