// Package rights serves a person's rights of access and erasure: in a ledger, and beyond it at
// Segment.
//
// [Handler] shows a person's records, as a page and as JSON. Erasing is [ledger.Ledger.Erase].
// [Regulations] calls Segment's Public API. Nothing here happens automatically: a withdrawal
// of consent denies destinations, and is not a request for erasure.
package rights

import (
	"context"
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
)

// An Entry is a record as shown to its person. Empty fields are left out.
type Entry struct {
	Number       int64           `json:"number"`
	Kind         ledger.Kind     `json:"kind"`
	Given        time.Time       `json:"given"`
	Recorded     time.Time       `json:"recorded"`
	ValidUntil   *time.Time      `json:"validUntil,omitempty"`
	Categories   map[string]bool `json:"categories,omitempty"`
	Destinations map[string]bool `json:"destinations,omitempty"`
	Rest         string          `json:"rest,omitempty"` // "denied": everything that is not named
	Scope        ledger.Scope    `json:"scope"`
	Device       string          `json:"device,omitempty"`
	Account      string          `json:"account,omitempty"`
	Source       string          `json:"source,omitempty"`
	Method       string          `json:"method,omitempty"`
	Notice       string          `json:"notice,omitempty"`
	Version      string          `json:"noticeVersion,omitempty"`
	Policy       string          `json:"policy,omitempty"`
	Language     string          `json:"language,omitempty"`
	Region       string          `json:"region,omitempty"`
	RegionSource string          `json:"regionSource,omitempty"`
	TC           string          `json:"tcString,omitempty"`
	GPP          string          `json:"gppString,omitempty"`
}

// Entries returns the records of a person, oldest first.
func Entries(ctx context.Context, l *ledger.Ledger, p ledger.Person) ([]Entry, error) {
	entries := []Entry{}
	for r, err := range l.History(ctx, p) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, entryOf(r))
	}
	return entries, nil
}

func entryOf(r ledger.Record) Entry {
	e := Entry{
		Number: r.Sequence, Kind: r.Kind, Given: r.Given, Recorded: r.Recorded, Scope: r.Scope,
		Device: r.Device, Account: r.Account, Source: r.Source, Method: r.Method,
		Notice: r.Notice.ID, Version: r.Notice.Version, Policy: r.Policy,
		Language: r.Language, Region: r.Region, RegionSource: r.RegionSource, TC: r.TC, GPP: r.GPP,
	}
	if !r.ValidUntil.IsZero() {
		e.ValidUntil = &r.ValidUntil
	}
	if r.Kind == ledger.Link {
		return e // it holds no answer
	}
	for name, granted := range r.State.Categories() {
		set(&e.Categories, name, granted)
	}
	for name, granted := range r.State.Destinations() {
		set(&e.Destinations, name, granted)
	}
	if r.State.Rest() == consent.Denied {
		e.Rest = consent.Denied.String()
	}
	return e
}

func set(answers *map[string]bool, name string, granted bool) {
	if *answers == nil {
		*answers = make(map[string]bool)
	}
	(*answers)[name] = granted
}

// WriteJSON writes the records of a person as a JSON array of entries.
func WriteJSON(ctx context.Context, w io.Writer, l *ledger.Ledger, p ledger.Person) error {
	entries, err := Entries(ctx, l, p)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(entries)
}

// A Handler shows a person their records in a ledger: as a page, or as JSON if the request
// accepts application/json and no HTML. It answers GET and HEAD, and forbids caching of the
// response.
type Handler struct {
	Ledger *ledger.Ledger

	// Person returns the signed-in person, from the session. Anybody who obtains an anonymous
	// id can set it as a cookie, so think twice before showing a history for a device alone.
	// The zero Person is refused with 403. Nil: everybody is refused.
	Person func(*http.Request) ledger.Person

	// OnError gets the error behind each response with 500. Nil: it is dropped.
	OnError func(*http.Request, error)
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"day":    func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
	"answer": func(granted bool) string { return map[bool]string{true: "yes", false: "no"}[granted] },
}).Parse(pageText))

// ServeHTTP implements http.Handler.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	var p ledger.Person
	if h.Person != nil {
		p = h.Person(r)
	}
	if p == (ledger.Person{}) || h.Ledger == nil {
		http.Error(w, "sign in to see this", http.StatusForbidden)
		return
	}
	var body strings.Builder
	write, kind := h.writeJSON, "application/json"
	if wantsPage(r) {
		write, kind = h.writePage, "text/html; charset=utf-8"
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	}
	if err := write(r.Context(), &body, p); err != nil {
		if h.OnError != nil {
			h.OnError(r, err)
		}
		http.Error(w, "this cannot be shown at the moment", http.StatusInternalServerError)
		return
	}
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	if r.Method == http.MethodGet {
		io.WriteString(w, body.String())
	}
}

func (h Handler) writeJSON(ctx context.Context, w io.Writer, p ledger.Person) error {
	return WriteJSON(ctx, w, h.Ledger, p)
}

func (h Handler) writePage(ctx context.Context, w io.Writer, p ledger.Person) error {
	entries, err := Entries(ctx, h.Ledger, p)
	if err != nil {
		return err
	}
	return page.Execute(w, entries)
}

// wantsPage reports whether a request comes from a browser, or from a client that accepts
// anything.
func wantsPage(r *http.Request) bool {
	json := false
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		kind, _, _ := mime.ParseMediaType(part)
		if kind == "text/html" {
			return true
		}
		json = json || kind == "application/json"
	}
	return !json
}
