// A GraphQL endpoint on gqlgen.
//
// The recipe is consent.go: the middleware goes around the handler, and the ctx of every
// resolver descends from that of the request. The traps: the InitFunc of the transport for
// websockets returns the context of everything after it, and has to derive it from the one it
// is given. A subscription has the answer of the moment when it began: end it when the
// visitor answers anew, and let the client subscribe again. And what a dataloader made at
// start-up tracks is nobody's.
package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

// schema stands for what gqlgen generates.
type schema struct{ client *consent.Client }

func (schema) Schema() *ast.Schema {
	return gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { shop: String! }
		type Mutation { order: Boolean! }
		type Subscription { orders: Boolean! }
	`})
}

func (schema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 1, true
}

// Exec orders once for a mutation, and twice for a subscription.
func (s schema) Exec(ctx context.Context) graphql.ResponseHandler {
	field, left := "order", 1
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		field, left = "orders", 2
	}
	return func(ctx context.Context) *graphql.Response {
		if left == 0 {
			return nil
		}
		left--
		if err := shop.Order(s.client.For(ctx)); err != nil {
			return graphql.ErrorResponse(ctx, "not tracked")
		}
		return &graphql.Response{Data: json.RawMessage(`{"` + field + `":true}`)}
	}
}

func site(client *consent.Client) http.Handler { return served(schema{client}, shop.Answers) }

func main() {
	client := shop.Open()
	defer shop.Close(client)
	shop.Serve(site(client))
}
