package main

import (
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie/klaro"
	"github.com/go-consent/segment/cookie/mirror"
	"github.com/go-consent/segment/cookie/orejime"
	"github.com/go-consent/segment/cookie/orestbida"
	"github.com/go-consent/segment/cookie/tarteaucitron"
	"github.com/go-consent/segment/middleware"
)

// banners are the consent platforms whose scripts npm has, as a site reads them.
var banners = map[string]middleware.Source{
	"klaro":         klaro.Source{Asked: []string{"session", "matomo", "youtube"}},
	"klaro-storage": mirror.Source{From: "klaro"},
	"orejime":       orejime.Source{Asked: []string{"matomo", "youtube"}},
	"orestbida3": orestbida.Source{
		Revision: 1, Vendors: map[string]string{"ga": "Google Analytics", "hotjar": "Hotjar"},
	},
	"orestbida2":        orestbida.Source{Revision: 1, Categories: []string{"analytics", "ads"}},
	"orestbida-storage": mirror.Source{From: "orestbida"},
	"tarteaucitron":     tarteaucitron.Source{},
}

// grown are the same sites asking for more.
var grown = map[string]middleware.Source{
	"klaro":      klaro.Source{Asked: []string{"session", "matomo", "youtube", "hotjar"}},
	"orejime":    orejime.Source{Asked: []string{"matomo", "youtube", "hotjar"}},
	"orestbida3": orestbida.Source{Revision: 2},
	"orestbida2": orestbida.Source{Revision: 2, Categories: []string{"analytics", "ads"}},
}

// newBanners serves a page for each banner, the answer that the server reads, and the
// packages.
func newBanners(modules string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/tools/", newTools())
	mux.Handle("GET /modules/", http.StripPrefix("/modules/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveModule(w, r, modules)
	})))
	for name, source := range banners {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			script, _ := mirror.Script(strings.TrimSuffix(name, "-storage"))
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			err := pages.ExecuteTemplate(w, "banner.html", map[string]any{"Banner": name, "Mirror": template.JS(script)})
			if err != nil {
				panic(err)
			}
		})
		mux.HandleFunc("GET /"+name+"/answer", func(w http.ResponseWriter, r *http.Request) { tell(w, r, source) })
	}
	for name, source := range grown {
		mux.HandleFunc("GET /"+name+"/grown/answer", func(w http.ResponseWriter, r *http.Request) { tell(w, r, source) })
	}
	return mux
}

// tell responds with what a Source reads from the request.
func tell(w http.ResponseWriter, r *http.Request, source middleware.Source) {
	state, err := source.Consent(r)
	answer(w, map[string]any{
		"answered": state.Answered(), "error": fmt.Sprint(err), "denied": state == consent.All(consent.Denied),
		"categories": maps.Collect(state.Categories()), "destinations": maps.Collect(state.Destinations()),
	})
}

// serveModule serves a file of an npm package. What a module imports without an
// extension is a script or the index of a directory.
func serveModule(w http.ResponseWriter, r *http.Request, modules string) {
	file := filepath.Join(modules, filepath.FromSlash(filepath.Clean("/"+r.URL.Path)))
	for _, ending := range []string{"", ".js", "/index.js"} {
		if info, err := os.Stat(file + ending); err == nil && !info.IsDir() {
			if ending != "" {
				http.Redirect(w, r, "/modules/"+strings.TrimPrefix(r.URL.Path, "/")+ending, http.StatusFound)
				return
			}
			http.ServeFile(w, r, file)
			return
		}
	}
	http.NotFound(w, r)
}
