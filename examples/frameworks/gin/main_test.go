package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

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

// With the recipe, the *gin.Context itself works as the context.
func TestContextOfGin(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		server := httptest.NewServer(site(tracking{client}))
		defer server.Close()
		response, err := http.DefaultClient.Do(shoptest.Request(t, v, server.URL+"/deeper"))
		if err != nil {
			t.Fatal(err)
		}
		shoptest.Took(t, response)
	})
}

// A goroutine that outlives the request gets a copy, as gin requires.
func TestCopyInAGoroutine(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		e := gin.New()
		read(e, shop.Answers)
		tracked := make(chan error, 1)
		e.POST("/orders", func(c *gin.Context) {
			later := c.Copy()
			go func() { tracked <- deeper(later, client) }()
		})
		shoptest.Post(t, e, v)
		if err := <-tracked; err != nil {
			t.Error(err)
		}
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		e := gin.New()
		e.POST("/orders", order(t, tracking{client}))
		shoptest.Post(t, e, v)
	})
}

// The middleware is there, but the *gin.Context does not look into the request.
func TestContextOfGinWithoutFallback(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		e := gin.New()
		e.Use(func(c *gin.Context) {
			c.Request = c.Request.WithContext(middleware.Context(c.Request, shop.Answers))
		})
		e.POST("/orders", func(c *gin.Context) {
			if err := deeper(c, client); err != nil {
				t.Error(err)
			}
		})
		shoptest.Post(t, e, v)
	})
}

func TestRouteBeforeTheMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		e := gin.New()
		e.POST("/orders", order(t, tracking{client}))
		read(e, shop.Answers)
		shoptest.Post(t, e, v)
	})
}

func order(t *testing.T, tr tracking) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := shop.Order(tr.For(c)); err != nil {
			t.Error(err)
		}
	}
}

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	m.Run()
}
