package main

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"html/template"
	"log"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/analyticsjs"
	"github.com/go-consent/segment/middleware/preferences"
)

//go:embed pages
var pagesFS embed.FS

var pages = template.Must(template.ParseFS(pagesFS, "pages/*.html"))

// A site is the part of the shop below the name of a profile.
type site struct {
	profile
	name    string
	policy  *destinations.Policy
	segment *segmenttest.Segment

	rendered atomic.Int64 // how often the page was
}

// newSite serves every profile below its name. It is protected against cross-site
// requests, as any site that takes forms should be.
func newSite(segments *segments) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /consent-manager.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(segments.consentManager, "consent-manager.js"))
	})
	for name, p := range profiles {
		s := &site{profile: p, name: name, policy: destinations.MustCompile(p.config), segment: segments.byKey[name]}
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, s.handler()))
	}
	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("POST /{profile}/decision") // where a payment page would post to
	return protection.Handler(mux)
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cm", s.consentManager)
	mux.Handle("GET /page", middleware.Renew{Codec: s.codec()}.Handler(http.HandlerFunc(s.page)))
	mux.HandleFunc("GET /form", s.form)
	mux.Handle("/preferences", s.preferences())
	mux.HandleFunc("GET /decision", s.decision)
	mux.HandleFunc("POST /decision", s.decision)
	mux.HandleFunc("POST /track", s.track)
	mux.HandleFunc("GET /rendered", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.rendered.Load()) })
	return middleware.New(middleware.Options{
		Sources:  []middleware.Source{s.codec()},
		Signals:  []middleware.Signal{gpc},
		SameSite: s.SameSite,
	})(mux)
}

var gpc = middleware.GPC("advertising")

// preferences is where the visitor answers without the Consent Manager.
func (s *site) preferences() http.Handler {
	client, err := consent.NewSegment(s.name, s.segment.Config(), s.policy, nil)
	if err != nil {
		panic(err) // the profiles are part of the program
	}
	handler := preferences.Handler{
		Codec:          s.codec(),
		Policy:         s.policy,
		Client:         client,
		Expand:         s.policy.Expand,
		Signals:        []middleware.Signal{gpc},
		ForgetIdentity: true,
		OnError:        func(_ *http.Request, err error) { log.Print(err) },
	}
	if err := handler.Check(); err != nil {
		panic(err)
	}
	return handler
}

// form asks the visitor without any script.
func (s *site) form(w http.ResponseWriter, r *http.Request) {
	type question struct {
		Name    string
		Granted bool
	}
	var questions []question
	state := consent.FromContext(r.Context())
	for _, name := range slices.Sorted(maps.Keys(s.config.Categories)) {
		questions = append(questions, question{name, state.Category(name) == consent.Granted})
	}
	s.render(w, "form.html", questions)
}

// consentManager is a page on which the Consent Manager decides.
func (s *site) consentManager(w http.ResponseWriter, _ *http.Request) {
	s.render(w, "cm.html", map[string]any{
		"writeKey": s.name, "cookieName": s.CookieName, "customCategories": s.CustomCategories,
	})
}

// page is a page on which the server decides. It allows the scripts that have the
// nonce, and those that they load.
func (s *site) page(w http.ResponseWriter, r *http.Request) {
	nonce := rand.Text()
	loader := analyticsjs.Loader{WriteKey: s.name, Page: true}
	if s.CookieName != "" {
		loader.Cookies = []string{s.CookieName}
	}
	script, err := loader.For(r).Script(s.policy.Decide(consent.FromContext(r.Context())), nonce)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	middleware.Private(w.Header())
	s.rendered.Add(1)
	trusted := ""
	if r.FormValue("trusted") != "" {
		trusted = "; require-trusted-types-for 'script'; trusted-types default"
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"' 'strict-dynamic'; "+
		"connect-src 'self' https://cdn.segment.com https://api.segment.io; base-uri 'none'; frame-ancestors 'none'"+trusted)
	s.render(w, "page.html", map[string]any{
		"script": script, "nonce": nonce, "trusts": r.FormValue("trusted") == "default",
	})
}

// decision responds with the decision for the request's cookies.
func (s *site) decision(w http.ResponseWriter, r *http.Request) {
	state := consent.FromContext(r.Context())
	allowed := make(map[string]bool)
	for v := range s.policy.Decide(state).Verdicts() {
		allowed[v.Destination] = v.Allowed
	}
	answer(w, map[string]any{"state": state, "allowed": allowed})
}

// track sends an event, and responds with its deliveries once it has arrived.
func (s *site) track(w http.ResponseWriter, r *http.Request) {
	id := rand.Text()
	// A separate client, since Close waits until everything has arrived.
	client, err := consent.NewSegment(s.name, s.segment.Config(), s.policy, nil)
	if err == nil {
		err = client.For(r.Context()).Enqueue(analytics.Track{MessageId: id, AnonymousId: "a", Event: "Order Completed"})
		client.Close()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, a := range s.segment.Arrivals() {
		if a.MessageID != id {
			continue
		}
		delivered := []string{}
		for _, d := range a.Deliveries {
			if d.Delivered {
				delivered = append(delivered, d.Destination)
			}
		}
		answer(w, map[string]any{"suppressed": false, "delivered": delivered, "event": json.RawMessage(a.JSON)})
		return
	}
	answer(w, map[string]any{"suppressed": true, "delivered": []string{}})
}

func (s *site) render(w http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

// hostile is a page of another site, on which the tests run scripts.
func hostile(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte("<!doctype html><title>Prizes</title><p>You have won."))
}
