package main

import (
	"context"
	"log"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// served returns the endpoint of a schema. Resolvers track with client.For(ctx).
func served(schema graphql.ExecutableSchema, o middleware.Options) http.Handler {
	s := unread(schema)
	return middleware.New(o)(s)
}

// unread is the server without what reads the answer. It says so when it is used like that.
func unread(schema graphql.ExecutableSchema) http.Handler {
	s := handler.New(schema)
	s.AddTransport(transport.SSE{}) // before POST, which would take its requests
	s.AddTransport(transport.POST{})
	s.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if _, ok := consent.Lookup(ctx); !ok {
			log.Print("consent: an operation outside the middleware")
		}
		return next(ctx)
	})
	return s
}
