// A function on AWS Lambda, behind API Gateway or a function URL, and one that a queue calls.
//
// The recipe is consent.go. The traps: Lambda freezes the process between two calls, so what
// is not flushed before the handler returns arrives much later, or never. In the events of
// API Gateway, version 2, cookies are no header. And the context of Lambda has nothing of
// the request: what is tracked with it is denied, and counts in Stats.Unbound.
package main

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

func order(_ context.Context, client *consent.Client, _ input) (output, error) {
	return output{StatusCode: http.StatusNoContent}, shop.Order(client)
}

// consume returns the function that the queue calls.
func consume(client *consent.Client) func(context.Context, events.SQSEvent) error {
	return func(ctx context.Context, event events.SQSEvent) error {
		defer flush(ctx, client)
		var failed []error
		for _, m := range event.Records {
			failed = append(failed, shop.Order(client.For(bound(ctx, m))))
		}
		return errors.Join(failed...)
	}
}

func main() {
	client := shop.Open()
	atEnd := lambda.WithEnableSIGTERM(func() { shop.Close(client) })
	if os.Getenv("SHOP_FUNCTION") == "queue" {
		lambda.StartWithOptions(consume(client), atEnd)
	}
	lambda.StartWithOptions(tracked(client, shop.Answers, order), atEnd)
}
