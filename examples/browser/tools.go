package main

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	own "github.com/go-consent/segment/cookie/custom" // profiles.go has a custom
	"github.com/go-consent/segment/destinations"
)

// toolsAnswer is the cookie of a page on Segment's consent-tools, whose categories the
// page keeps itself.
var toolsAnswer = own.Source{
	Template:   http.Cookie{Name: "site-consent"},
	Path:       []string{"categories"},
	Categories: []string{"advertising", "analytics"},
}

// newTools serves a page for each consent model, of the profile "tools".
func newTools() http.Handler {
	mux := http.NewServeMux()
	for model, optOut := range map[string]bool{"opt-in": false, "opt-out": true} {
		config := profiles["tools"].config
		config.OptOut = optOut
		policy := destinations.MustCompile(config)
		mux.HandleFunc("GET /tools/"+model, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if err := pages.ExecuteTemplate(w, "tools.html", model); err != nil {
				panic(err)
			}
		})
		mux.HandleFunc("GET /tools/"+model+"/allowed", func(w http.ResponseWriter, r *http.Request) {
			state, err := toolsAnswer.Consent(r)
			allowed := []string{}
			for v := range policy.Decide(state).Verdicts() {
				if v.Allowed {
					allowed = append(allowed, v.Destination)
				}
			}
			answer(w, map[string]any{"allowed": allowed, "error": fmt.Sprint(err)})
		})
	}
	mux.HandleFunc("POST /tools/answer", func(w http.ResponseWriter, r *http.Request) {
		var categories map[string]bool
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&categories)
		if err == nil {
			err = toolsAnswer.Write(w, r, consent.NewState(categories))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, true)
	})
	return mux
}
