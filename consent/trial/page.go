package trial

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"slices"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// shownEvents limits the events that the page shows per reason; JSON has all.
const shownEvents = 5

// WriteHTML writes the report as a self-contained page, without scripts.
func (r Report) WriteHTML(w io.Writer) error { return page.Execute(w, view{r}) }

// ServeHTTP shows the report so far: as a page, with ?format=json as JSON, and with
// ?format=text as text. It shows what a site tracks: serve it only internally.
func (t *Trial) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "This method is not supported.", http.StatusMethodNotAllowed)
		return
	}
	report := t.Report()
	// An error means that the connection is broken: nobody can be told.
	switch r.URL.Query().Get("format") {
	case "json":
		header.Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(report)
	case "text":
		header.Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, report.String())
	default:
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		_ = report.WriteHTML(w)
	}
}

// A view is what the page shows of a Report.
type view struct{ r Report }

func (v view) Period() string  { return v.r.period() }
func (v view) Summary() string { return v.r.summary() }
func (v view) Parts() []part   { return v.r.parts() }

func (v view) Losers() (all []loser) {
	for _, d := range v.r.Destinations {
		if d.Lost > 0 {
			all = append(all, loser{d})
		}
	}
	return all
}

func (v view) Kept() (all []loser) {
	for _, d := range v.r.kept() {
		all = append(all, loser{d})
	}
	return all
}

func (v view) Absent() (all []string) {
	for _, d := range v.r.absent() {
		all = append(all, d.Name)
	}
	return all
}

func (v view) Claims() (all []row) {
	for _, c := range v.r.Claims {
		all = append(all, row{Title: c.Why, Messages: number(c.Messages), Lost: string(c.Reason)})
	}
	return all
}

func (v view) Events() (all []row) {
	for _, e := range v.r.Events {
		all = append(all, row{title(e.Type, e.Name), number(e.Messages), number(e.Suppressed), percent(e.Suppressed, e.Messages)})
	}
	return all
}

type row struct{ Title, Messages, Lost, Percent string }

type loser struct{ d Destination }

func (l loser) Name() string    { return l.d.Name }
func (l loser) Notes() []string { return l.d.noteList() }
func (l loser) Lost() string    { return number(l.d.Lost) }
func (l loser) Of() string      { return number(l.d.Messages) }
func (l loser) Percent() string { return percent(l.d.Lost, l.d.Messages) }

func (l loser) Reasons() (all []shownLoss) {
	for _, loss := range l.d.Losses {
		all = append(all, shownLoss{loss, l.d.Messages})
	}
	return all
}

// Todos returns what to do, each reason once: mistakes first, then by loss.
func (v view) Todos() (all []todo) {
	at := make(map[string]int)
	for _, d := range v.r.Destinations {
		for _, l := range d.Losses {
			i, ok := at[l.why()]
			if !ok {
				i = len(all)
				at[l.why()] = i
				a := adviceOn(l.Reason)
				all = append(all, todo{Kind: a.kind, Why: l.why(), Todo: a.todo})
			}
			all[i].Losses = append(all[i].Losses, row{Title: d.Name, Messages: number(l.Messages), Percent: percent(l.Messages, d.Messages)})
			all[i].lost += l.Messages
		}
	}
	slices.SortStableFunc(all, func(a, b todo) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(b.lost, a.lost)) })
	return all
}

type todo struct {
	Kind      kind
	Why, Todo string
	Losses    []row
	lost      uint64
}

type shownLoss struct {
	l  Loss
	of uint64
}

func (s shownLoss) Kind() kind       { return adviceOn(s.l.Reason).kind }
func (s shownLoss) Why() string      { return s.l.why() }
func (s shownLoss) Messages() string { return number(s.l.Messages) }
func (s shownLoss) Percent() string  { return percent(s.l.Messages, s.of) }
func (s shownLoss) Width() string    { return width(s.l.Messages, s.of) }

func (s shownLoss) Events() (all []row) {
	for _, e := range s.l.Events[:min(len(s.l.Events), shownEvents)] {
		all = append(all, row{Title: title(e.Type, e.Name), Messages: number(e.Messages)})
	}
	return all
}

func (s shownLoss) More() int { return max(0, len(s.l.Events)-shownEvents) }
