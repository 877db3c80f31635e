package main

import (
	"github.com/labstack/echo/v5"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// tracking hands out the client for the visitor of a request. Handlers have it, and not
// the client itself, so that none of them can pass another context.
type tracking struct{ client *consent.Client }

func (t tracking) For(c *echo.Context) *consent.Client { return t.client.For(c.Request().Context()) }

// read is for e.Use. With echo v4 it is the same with echo.Context in place of *echo.Context.
func read(o middleware.Options) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			c.SetRequest(c.Request().WithContext(middleware.Context(c.Request(), o)))
			return next(c)
		}
	}
}
