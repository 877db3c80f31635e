package main

import (
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// tracking hands out the client for the visitor of a request. Handlers have it, and not
// the client itself, so that none of them can pass another context.
type tracking struct{ client *consent.Client }

func (t tracking) For(c fiber.Ctx) *consent.Client { return t.client.For(c.Context()) }

// read is for app.Use, before the routes.
func read(o middleware.Options) fiber.Handler {
	return func(c fiber.Ctx) error {
		c.SetContext(middleware.Context(request(c), o))
		return c.Next()
	}
}

// request copies what the Sources look at: fiber uses the memory of a request again, and
// its adaptor keeps only the last of several headers of one name.
func request(c fiber.Ctx) *http.Request {
	r := &http.Request{
		Method: string(c.Request().Header.Method()), Host: string(c.Request().Host()), TLS: c.RequestCtx().TLSConnectionState(),
		URL: &url.URL{Path: string(c.Request().URI().Path())}, Header: http.Header{}, RemoteAddr: c.RequestCtx().RemoteAddr().String(),
	}
	for name, value := range c.Request().Header.All() {
		r.Header.Add(string(name), string(value))
	}
	return r.WithContext(c.Context())
}
