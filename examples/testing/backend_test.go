package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/destinations"
)

var policy = destinations.MustCompile(config)

// visitors are all that the site may have. Its Consent Manager asks for the same
// categories and destinations as the policy decides about.
var visitors = consenttest.Site{Categories: config.Categories}.Visitors()

// destinationNames are the columns of the table.
var destinationNames = []string{"Amplitude", "Mixpanel (Actions)", "Facebook Conversions API (Actions)", "Webhooks"}

// recorded returns a backend that sends to the recorder.
func recorded(recorder *consenttest.Recorder) *backend {
	return newBackend(consent.New(recorder, policy, nil))
}

// post is a form that a visitor sends.
func post(v consenttest.Visitor, path, form string) *http.Request {
	r := v.Request("POST", path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func called(name string) consenttest.Visitor {
	return visitors[slices.IndexFunc(visitors, func(v consenttest.Visitor) bool { return v.Name == name })]
}

// The table in testdata is for a reviewer: for a visitor with each kind of cookie, it says who gets
// to see an order. CONSENTTEST_UPDATE=1 go test rewrites it.
func TestOrdersReachWhatTheVisitorAllowed(t *testing.T) {
	consenttest.Run(t, func(r *consenttest.Recorder) http.Handler { return recorded(r).site() }, consenttest.Table{
		Visitors:     visitors,
		Destinations: destinationNames,
		Golden:       "testdata/orders.golden",
		Request:      func(v consenttest.Visitor) *http.Request { return post(v, "/orders", "user=u-1") },
	})
}

// A few visitors can be written down in the test itself.
func TestSubscriptionsReachWhatTheVisitorAllowed(t *testing.T) {
	consenttest.Run(t, func(r *consenttest.Recorder) http.Handler { return recorded(r).site() }, consenttest.Table{
		Visitors: []consenttest.Visitor{called("never asked"), called("accepted only analytics"), called("GPC, accepted all")},
		Reached: map[string][]string{
			"never asked":             {"Webhooks"},
			"accepted only analytics": {"Webhooks", "Amplitude", "Mixpanel (Actions)"},
			"GPC, accepted all":       {"Webhooks", "Amplitude", "Mixpanel (Actions)"},
		},
		Request: func(v consenttest.Visitor) *http.Request {
			return post(v, "/newsletter", "user=u-1&email=u-1@example.com")
		},
	})
}

// RequireNotReached fails if nothing was tracked. RequireDenied also asks for the answer
// that stopped the event.
func TestOrdersStayOutOfAdvertisingForTheReasonGiven(t *testing.T) {
	var recorder consenttest.Recorder
	recorded(&recorder).site().ServeHTTP(httptest.NewRecorder(), post(called("GPC, accepted all"), "/orders", "user=u-1"))

	ordered := recorder.Where(consenttest.Filter{Event: "Order Completed", User: "u-1"})
	ordered.RequireReached(t, "Amplitude", 1)
	ordered.RequireNotReached(t, "Facebook Conversions API (Actions)")
	ordered.RequireDenied(t, "Facebook Conversions API (Actions)", consent.ReasonCategoryDenied, 1)
}

// A job has no request. Two customers in one run must not get each other's consent.
func TestShippingRemembersTheAnswerOfEachCustomer(t *testing.T) {
	var recorder consenttest.Recorder
	b := recorded(&recorder)
	for user, v := range map[string]consenttest.Visitor{
		"u-1": called("accepted all"), "u-2": called("rejected all"), "u-3": called("malformed: not JSON"),
	} {
		b.site().ServeHTTP(httptest.NewRecorder(), post(v, "/orders", "user="+user))
	}
	recorder.Reset()

	b.ship(t.Context())
	for user, n := range map[string]int{"u-1": 1, "u-2": 0, "u-3": 0} {
		shipped := recorder.Where(consenttest.Filter{Event: "Order Shipped", User: user})
		shipped.RequireReached(t, "Amplitude", n)
		shipped.RequireReached(t, "Webhooks", 1)
	}
	b.ship(t.Context()) // nothing is left
	recorder.Where(consenttest.Filter{Event: "Order Shipped"}).RequireReached(t, "Webhooks", 3)
}

// answers are the declared answers of all users of these tests.
var answers = consenttest.Answers{
	"yes":     called("accepted all").State,
	"no":      called("rejected all").State,
	"analyst": called("accepted only analytics").State,
	"silent":  called("never asked").State,
	"staff":   called("accepted all").State,
}

// orderOf is the order of a user who has answered as declared.
func orderOf(user string) *http.Request {
	for _, v := range visitors {
		if v.State == answers[user] {
			return post(v, "/orders", "user="+user)
		}
	}
	panic("no visitor answers as " + user)
}

// Whatever the backend does with its users, no event goes beyond the answer of the user
// that it is about: in requests, in jobs, for other programs and for employees.
func TestEveryEventHonoursTheAnswerOfItsUser(t *testing.T) {
	var recorder consenttest.Recorder
	b := recorded(&recorder)
	for user := range answers {
		b.site().ServeHTTP(httptest.NewRecorder(), orderOf(user))
	}
	b.ship(t.Context())
	for user := range answers {
		for _, path := range []string{"/webhooks/paid", "/admin/refunds"} {
			b.services().ServeHTTP(httptest.NewRecorder(), post(called("accepted all"), path, "user="+user))
		}
	}
	b.importCustomers(t.Context(), strings.NewReader(exported(t, "yes", "no")))

	consenttest.RequireHonoured(t, &recorder, policy, answers)
	recorder.Where(consenttest.Filter{Event: "Order Paid"}).RequireReached(t, "Amplitude", 3)
}

// exported is what the other shop sends.
func exported(t testing.TB, users ...string) string {
	var lines strings.Builder
	for _, user := range users {
		line, err := json.Marshal(customer{user, answers[user]})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	return lines.String()
}

// Run with -race as well.
func TestVisitorsAtOnceDoNotGetEachOthersAnswer(t *testing.T) {
	consenttest.RunAtOnce(t, func(r *consenttest.Recorder) http.Handler { return recorded(r).site() }, visitors,
		func(v consenttest.Visitor, user string) *http.Request { return post(v, "/orders", "user="+user) })
}

func TestNoCacheShowsOneVisitorsPageToAnother(t *testing.T) {
	var recorder consenttest.Recorder
	consenttest.RequireNotShared(t, recorded(&recorder).site(), visitors, "/")
}

func TestOrdersOfNobodyAreRefused(t *testing.T) {
	var recorder consenttest.Recorder
	for _, path := range []string{"/orders", "/newsletter"} {
		w := httptest.NewRecorder()
		recorded(&recorder).site().ServeHTTP(w, post(called("accepted all"), path, ""))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	if events := recorder.Events(); len(events) > 0 {
		t.Errorf("%d events were sent", len(events))
	}
}
