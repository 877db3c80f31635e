package main

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
	"github.com/go-consent/segment/middleware"
)

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		shoptest.Post(t, site(tracking{client}), v)
	})
}

func TestRecipeCoversMountedRouters(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		inner := chi.NewRouter()
		inner.Post("/", order(t, tracking{client}))
		r := routed(shop.Answers)
		r.Mount("/orders", inner)
		shoptest.Post(t, r, v)
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		r := chi.NewRouter()
		r.Post("/orders", order(t, tracking{client}))
		shoptest.Post(t, r, v)
	})
}

// The route is outside the group that has the middleware.
func TestRouteOutsideTheGroup(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		r := chi.NewRouter()
		r.Group(func(r chi.Router) { r.Use(middleware.New(shop.Answers)) })
		r.Post("/orders", order(t, tracking{client}))
		shoptest.Post(t, r, v)
	})
}

func order(t *testing.T, tr tracking) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		if err := shop.Order(tr.For(r)); err != nil {
			t.Error(err)
		}
	}
}
