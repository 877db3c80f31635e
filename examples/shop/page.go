package main

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

//go:embed page.html style.css
var assets embed.FS

var pageTemplate = template.Must(template.ParseFS(assets, "page.html"))

// A page is what the template shows.
type page struct {
	Live       bool // the events go to Segment itself
	GPC        bool // the browser sends Global Privacy Control
	Unreadable bool // there is an answer, and it cannot be read
	Asked      bool // there is an answer
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

// A done tells visitors what became of what they just did.
type done struct{ What, Title, Text string }

type total struct {
	Destination string
	Delivered   int
}

func (s *shop) render(w http.ResponseWriter, r *http.Request, what string) {
	answer, err := cookie.Codec{}.Consent(r)
	if err != nil {
		answer = consent.NewState(nil) // not what the visitor said, though it counts so
	}
	p := page{
		Live:       s.segment == nil,
		GPC:        gpc(r) != consent.NewState(nil),
		Unreadable: err != nil,
		Asked:      answer.Answered(),
	}
	for _, c := range categories() {
		p.Questions = append(p.Questions, questionOf(c, r, answer))
	}
	visitor := visitorOf(r)
	p.Events = s.events(visitor)
	p.Done = doneOf(what, p.Events, p.Live)
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

// questionOf tells the visitor's own answer and what counts, which may be less.
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

// doneOf looks for the latest event of what was done. Anybody can make a link that
// claims it; without an event there is nothing to tell.
func doneOf(what string, events []event, live bool) done {
	d, ok := map[string]done{
		"buy":    {what, "Thank you, the teapot is yours.", "Order Completed"},
		"join":   {what, "Welcome to the tea club.", "tea-club"},
		"answer": {what, "Your choices are saved.", consent.UpdateEvent},
	}[what]
	if what == "reset" {
		return done{what, "Your events are forgotten.", "What you do from now on is shown below."}
	}
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
