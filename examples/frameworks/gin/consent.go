package main

import (
	"github.com/gin-gonic/gin"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// tracking hands out the client for the visitor of a request. Handlers have it, and not
// the client itself, so that none of them can pass another context.
type tracking struct{ client *consent.Client }

func (t tracking) For(c *gin.Context) *consent.Client { return t.client.For(c.Request.Context()) }

// read comes before the routes, which gin gives the middleware of that moment.
func read(e *gin.Engine, o middleware.Options) {
	e.ContextWithFallback = true // for functions that are passed c as a context.Context
	e.Use(func(c *gin.Context) {
		c.Request = c.Request.WithContext(middleware.Context(c.Request, o))
		c.Next()
	})
}
