// A shop on fiber, which stands on fasthttp.
//
// The recipe is consent.go. The trap: there is no http.Request, and fiber's adaptor for
// middleware of net/http carries over only what context.WithValue put into the context. With
// it everything is denied, and counts in Stats.Unbound. A fiber.Ctx is a context.Context,
// too, and knows its Locals alone: pass c.Context(). Once a handler has returned, fiber uses c
// again for another visitor: pass the client of t.For(c) to what goes on in a goroutine, and
// never c.
package main

import (
	"log"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

func site(t tracking) *fiber.App {
	app := fiber.New()
	app.Use(read(shop.Answers))
	app.Post("/orders", func(c fiber.Ctx) error { return shop.Order(t.For(c)) })
	return app
}

func main() {
	client := shop.Open()
	defer shop.Close(client)
	app := site(tracking{client})
	stopped, cancel := shop.Stopped()
	defer cancel()
	err := app.Listen("127.0.0.1:8080", fiber.ListenConfig{GracefulContext: stopped, ShutdownTimeout: 10 * time.Second})
	if err != nil {
		log.Print(err)
	}
}
