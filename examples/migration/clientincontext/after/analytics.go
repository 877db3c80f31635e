package main

import (
	"context"
	"net/http"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

type clientKey struct{}

// withAnalytics puts the client into the context, where handlers find it.
func withAnalytics(client *consent.Client) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := context.WithValue(r.Context(), clientKey{}, client)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

func analyticsFrom(ctx context.Context) analytics.Client {
	return ctx.Value(clientKey{}).(*consent.Client).For(ctx)
}
