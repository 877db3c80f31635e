package site

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
)

//go:embed style.css
var assets embed.FS

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// A page is what the template shows.
type page struct {
	Live       bool // the events go to Segment itself
	GPC        bool // the browser sends Global Privacy Control
	Unreadable bool // there is an answer, and it cannot be read
	Asked      bool // there is an answer
	User       string
	Rule       string // whose answer counts for a visitor who is signed in
	Everywhere bool   // nothing on this device differs from the account
	Questions  []question
	Done       done
	Sent       int
	Totals     []total
	Events     []event
}

type question struct {
	category
	Checked bool   // what the visitor answered
	Status  string // what counts: granted, denied or unknown
	Why     string
}

// A done tells visitors the result of what they just did.
type done struct{ What, Title, Text string }

type total struct {
	Destination string
	Delivered   int
}

func (s *shop) render(w http.ResponseWriter, r *http.Request, what string) {
	ruling := s.rulingOf(r)
	answer, unreadable := ruling.State, ruling.Why == ""
	if unreadable {
		answer = consent.NewState(nil) // not what the visitor said, though it counts so
	}
	p := page{
		Live:       s.segment == nil,
		GPC:        gpc(r) != consent.NewState(nil),
		Unreadable: unreadable,
		Asked:      answer.Answered(),
		User:       userOf(r),
		Rule:       rules[ruling.Why],
		Everywhere: ruling.Why != ledger.WhyBoth,
	}
	for _, c := range categories() {
		p.Questions = append(p.Questions, questionOf(c, r, answer))
	}
	visitor := visitorOf(r)
	p.Events = s.events(r)
	p.Done = doneOf(what, visitor, p.Events, p.Live)
	var delivered map[string]int
	p.Sent, delivered = s.count(visitor)
	for _, g := range s.groups {
		for _, name := range g.Destinations {
			p.Totals = append(p.Totals, total{name, delivered[name]})
		}
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		s.log.Printf("page: %v", err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the visitor may be gone
}

// rules tell visitors who are signed in whose answer counts. On a device that is new to the account
// they have to be told, especially if the two answers differ (CNIL 2025-131).
var rules = map[ledger.Why]string{
	ledger.WhyNoAccount: "Your account has no answer yet. On this device, the device's own counts.",
	ledger.WhyAccount:   "Your account's answer counts here, and on every device where you are signed in.",
	ledger.WhyBoth:      "This device has an answer that differs from your account's. Only what both allow is on.",
}

// questionOf returns the visitor's own answer and what counts, which may be less.
func questionOf(c category, r *http.Request, answer consent.State) question {
	q := question{category: c, Checked: answer.Category(c.Name) == consent.Granted}
	choice := consent.FromContext(r.Context()).Category(c.Name)
	q.Status = choice.String()
	switch {
	case choice == consent.Granted:
		q.Why = "On"
	case choice == consent.Unknown:
		q.Why = "Off"
	case gpc(r).Category(c.Name) == consent.Denied:
		q.Why = "Off, by your browser's privacy signal"
	case answer.Category(c.Name) == consent.Denied:
		q.Why = "Off"
	default:
		q.Why = "Off, as your answer cannot be read"
	}
	return q
}

// doneOf says what became of the visitor's action. If the action causes an event, it looks at the
// latest such event. Anybody can make a link that claims an action, so it says nothing about one
// that did not happen.
func doneOf(what string, v *visitor, events []event, live bool) done {
	switch {
	case what == "reset":
		return done{what, "Your events are forgotten.", "What you do from now on is shown below."}
	case what == "sign-in" && v.did(what):
		return done{what, "You are signed in.", "Nothing was merged: the device and the account keep their answers."}
	case what == "sign-out" && v.did(what):
		return done{what, "You are signed out.", "What this device answered by itself counts again."}
	case what == "erase" && v.did(what):
		return done{what, "What was held of the account is erased.", "You are signed out. Segment is asked to delete separately."}
	}
	d, ok := map[string]done{
		"buy":    {what, "Thank you, the teapot is yours.", "Order Completed"},
		"join":   {what, "Welcome to the tea club.", "tea-club"},
		"answer": {what, "Your choices are saved.", consent.UpdateEvent},
		"remind": {what, "A worker has reminded the account.", reminder},
	}[what]
	if !ok {
		return done{}
	}
	for _, e := range events {
		if e.Name == d.Text {
			d.Text = e.summary(live)
			return d
		}
	}
	return done{}
}
