package main

import (
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
	"github.com/go-consent/segment/middleware"
)

// post sends the visitor's order through a connection in memory.
func post(t *testing.T, app *fiber.App, v consenttest.Visitor) {
	t.Helper()
	response, err := app.Test(shoptest.Request(t, v, "http://shop.example/orders"))
	if err != nil {
		t.Fatal(err)
	}
	shoptest.Took(t, response)
}

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		post(t, site(tracking{client}), v)
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		app := fiber.New()
		app.Post("/orders", func(c fiber.Ctx) error { return shop.Order(tracking{client}.For(c)) })
		post(t, app, v)
	})
}

// Neither context of fiber knows what the adapted middleware read.
func TestAdaptor(t *testing.T) {
	for name, order := range map[string]func(c fiber.Ctx, client *consent.Client) error{
		"its own":     func(c fiber.Ctx, client *consent.Client) error { return shop.Order(client.For(c)) },
		"the other":   func(c fiber.Ctx, client *consent.Client) error { return shop.Order(client.For(c.Context())) },
		"of fasthttp": func(c fiber.Ctx, client *consent.Client) error { return shop.Order(client.For(c.RequestCtx())) },
	} {
		t.Run(name, func(t *testing.T) {
			shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
				app := fiber.New()
				app.Use(adaptor.HTTPMiddleware(middleware.New(shop.Answers)))
				app.Post("/orders", func(c fiber.Ctx) error { return order(c, client) })
				post(t, app, v)
			})
		})
	}
}

// Even with the recipe, c in place of c.Context() is a mistake, and the test finds it.
func TestContextOfFiber(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		app := fiber.New()
		app.Use(read(shop.Answers))
		app.Post("/orders", func(c fiber.Ctx) error { return shop.Order(client.For(c)) })
		post(t, app, v)
	})
}

// Of two headers of one name fiber's adaptor keeps the last.
func TestRequestKeepsEveryLine(t *testing.T) {
	app := fiber.New()
	app.Post("/", func(c fiber.Ctx) error {
		r := request(c)
		if got := r.Header["Sec-Gpc"]; len(got) != 2 {
			t.Errorf("Sec-Gpc: %q", got)
		}
		if r.Host != "shop.example" || r.Method != http.MethodPost {
			t.Errorf("%s %s", r.Method, r.Host)
		}
		return nil
	})
	r := shoptest.Request(t, shoptest.Accepts, "http://shop.example/")
	r.Header["Sec-Gpc"] = []string{"1", "0"}
	response, err := app.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	shoptest.Took(t, response)
}
