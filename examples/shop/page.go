package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/segment"
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
	Groups     []group
	Columns    []column
	Width      int // of the table: the columns, and the one with the events
	Sent       int
	Events     []event
}

type question struct {
	category
	Checked bool   // what the visitor answered
	Status  string // what counts: granted, denied or unknown
	Why     string
}

type column struct {
	Destination string
	Delivered   int
}

type event struct {
	Call, Name, Time string
	Delivered        int
	Note             string // why there is nothing to say about destinations
	Cells            []cell
	JSON             string
}

// A cell is what became of an event at a destination.
type cell struct {
	Destination string
	Status      string // delivered or suppressed; allowed or denied where only that is known
	Why         string
}

func (s *shop) render(w http.ResponseWriter, r *http.Request) {
	answer, err := cookie.Codec{}.Consent(r)
	if err != nil {
		answer = consent.NewState(nil) // not what the visitor said, though it counts so
	}
	p := page{
		Live:       s.collector == nil,
		GPC:        gpc(r) != consent.NewState(nil),
		Unreadable: err != nil,
		Asked:      err == nil && answer != consent.NewState(nil),
		Groups:     s.groups,
	}
	for _, c := range categories() {
		p.Questions = append(p.Questions, questionOf(c, r, answer))
	}
	s.addEvents(&p)
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		s.log.Printf("page: %v", err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

// questionOf tells the visitor's own answer and what counts, which may be less.
func questionOf(c category, r *http.Request, answer consent.State) question {
	q := question{category: c, Checked: answer.Category(c.Name) == consent.Granted}
	choice := consent.FromContext(r.Context()).Category(c.Name)
	q.Status = choice.String()
	switch {
	case choice == consent.Granted:
		q.Why = "Granted"
	case choice == consent.Unknown:
		q.Why = "Not asked yet, so off"
	case gpc(r).Category(c.Name) == consent.Denied:
		q.Why = "Off, by your browser's privacy signal"
	case answer.Category(c.Name) == consent.Denied:
		q.Why = "Denied"
	default:
		q.Why = "Off, as your answer cannot be read"
	}
	return q
}

// addEvents joins what the shop decided with what the collector did.
func (s *shop) addEvents(p *page) {
	var at map[string]received
	var delivered map[string]int
	if s.collector != nil {
		p.Sent, delivered = s.collector.counts()
		at = s.collector.latest()
	}
	for _, g := range s.groups {
		for _, name := range g.Destinations {
			p.Columns = append(p.Columns, column{name, delivered[name]})
		}
	}
	p.Width = 1 + len(p.Columns)
	for _, e := range s.ledger.latest() {
		r, ok := at[e.id]
		v := event{Call: e.call, Name: e.name, Time: e.at.Format("15:04:05"), JSON: indented(r.json)}
		switch {
		case e.decision.Withheld() != "":
			v.Note = "Withheld, it never left the shop: " + string(e.decision.Withheld()) + "."
		case e.failed:
			v.Note = "It could not be sent."
		case !ok && s.collector != nil:
			v.Note = "Under way."
		default:
			v.Cells, v.Delivered = s.cells(e.decision, r.deliveries)
		}
		p.Events = append(p.Events, v)
	}
}

// cells returns a cell for each column, and how many of them are open.
func (s *shop) cells(d consent.Decision, deliveries []segment.Delivery) (cells []cell, open int) {
	verdicts := make(map[string]consent.Verdict)
	for v := range d.Verdicts() {
		verdicts[v.Destination] = v
	}
	arrived := make(map[string]segment.Delivery)
	for _, d := range deliveries {
		arrived[d.Destination] = d
	}
	for _, g := range s.groups {
		for _, name := range g.Destinations {
			c := cell{name, "denied", why(verdicts[name])}
			delivery, known := arrived[name]
			switch {
			case known && delivery.Delivered:
				c.Status = "delivered"
			case known:
				c.Status = "suppressed"
				if verdicts[name].Allowed {
					c.Why = delivery.Reason
				}
			case d.Allows(name):
				c.Status = "allowed"
			}
			if c.Status == "delivered" || c.Status == "allowed" {
				open++
			}
			cells = append(cells, c)
		}
	}
	return cells, open
}

// why returns the reason of a verdict, with the answer that decided.
func why(v consent.Verdict) string {
	if v.Destination == "" {
		return string(consent.ReasonNotListed)
	}
	if v.Cause == "" {
		return string(v.Reason)
	}
	cause := v.Cause
	for _, c := range categories() {
		if c.Name == cause {
			cause = c.Title
		}
	}
	return string(v.Reason) + " (" + cause + ")"
}

func indented(raw []byte) string {
	var b bytes.Buffer
	json.Indent(&b, raw, "", "  ") // what the collector took is JSON, or there is nothing
	return b.String()
}

func stylesheet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=300")
	http.ServeFileFS(w, r, assets, "style.css")
}
