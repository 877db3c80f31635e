package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// tracking hands out the client for the visitor of a request. Handlers have it, and not
// the client itself, so that none of them can pass another context.
type tracking struct{ client *consent.Client }

func (t tracking) For(r *http.Request) *consent.Client { return t.client.For(r.Context()) }

// routed reads the answer for every route, those of routers mounted later included.
func routed(o middleware.Options) chi.Router {
	r := chi.NewRouter()
	r.Use(middleware.New(o))
	return r
}
