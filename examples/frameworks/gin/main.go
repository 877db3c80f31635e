// A shop on gin.
//
// The recipe is consent.go. The trap: a *gin.Context is a context.Context, but without
// Engine.ContextWithFallback it knows nothing of what is in the context of the request. What
// is tracked with it is denied, and counts in Stats.Unbound. And gin's Use covers only the
// routes that come after it. Once a handler has returned, gin uses c again for another visitor:
// pass c.Copy(), or the client of t.For(c), to what goes on in a goroutine, and never c.
package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

func site(t tracking) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(gin.Recovery())
	read(e, shop.Answers)
	e.POST("/orders", func(c *gin.Context) {
		if err := shop.Order(t.For(c)); err != nil {
			c.Status(http.StatusInternalServerError)
		}
	})
	e.POST("/deeper", func(c *gin.Context) {
		if err := deeper(c, t.client); err != nil {
			c.Status(http.StatusInternalServerError)
		}
	})
	return e
}

// deeper is one of the functions that know a context.Context alone.
func deeper(ctx context.Context, client *consent.Client) error { return shop.Order(client.For(ctx)) }

func main() {
	client := shop.Open()
	defer shop.Close(client)
	shop.Serve(site(tracking{client}))
}
