package main

import (
	"context"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
)

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		shoptest.Post(t, site(tracking{client}), v)
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		e := echo.New()
		e.POST("/orders", func(c *echo.Context) error { return shop.Order(tracking{client}.For(c)) })
		shoptest.Post(t, e, v)
	})
}

func TestContextOfNoRequest(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		e := echo.New()
		e.Use(read(shop.Answers))
		e.POST("/orders", func(c *echo.Context) error { return shop.Order(client.For(context.Background())) })
		shoptest.Post(t, e, v)
	})
}
