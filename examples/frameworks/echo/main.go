// A shop on echo.
//
// The recipe is consent.go. The trap: echo's Context is no context.Context, so that
// functions which want one are often passed context.Background(), or what was kept with
// c.Set. Neither knows the visitor. Once a handler has returned, echo uses c again for another
// visitor: pass the client of t.For(c) to what goes on in a goroutine, and never c.
package main

import (
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

func site(t tracking) http.Handler {
	e := echo.New()
	e.Use(read(shop.Answers))
	e.POST("/orders", func(c *echo.Context) error {
		if err := shop.Order(t.For(c)); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	})
	return e
}

func main() {
	client := shop.Open()
	defer shop.Close(client)
	shop.Serve(site(tracking{client}))
}
