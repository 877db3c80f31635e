package main

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
)

// event is what API Gateway sends: cookies in their own field, and header names in lower case.
func event(t *testing.T, v consenttest.Visitor) map[string]any {
	return map[string]any{
		"version": "2.0", "rawPath": "/orders",
		"headers": map[string]string{"host": "shop.example", "user-agent": "curl"},
		"cookies": shoptest.Request(t, v, "http://shop.example/orders").Header["Cookie"],
		"requestContext": map[string]any{
			"domainName": "shop.example", "http": map[string]string{"method": "POST", "path": "/orders"},
		},
	}
}

// invoke calls the function as Lambda does.
func invoke(t *testing.T, function any, event any) {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lambda.NewHandler(function).Invoke(t.Context(), payload); err != nil {
		t.Error(err)
	}
}

// requireFlushed fails if a message had to wait for the end of the process.
func requireFlushed(t *testing.T, client *consent.Client) {
	t.Helper()
	if stats := client.Stats(); stats.Pending() != 0 || stats.Delivered == 0 {
		t.Errorf("when the function returned: %+v", stats)
	}
}

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		invoke(t, tracked(client, shop.Answers, order), event(t, v))
		requireFlushed(t, client)
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		invoke(t, func(ctx context.Context, in input) (output, error) { return order(ctx, client.For(ctx), in) }, event(t, v))
	})
}

func queued(text *string) events.SQSEvent {
	m := events.SQSMessage{Body: "{}"}
	if text != nil {
		m.MessageAttributes = map[string]events.SQSMessageAttribute{attribute: {StringValue: text, DataType: "String"}}
	}
	return events.SQSEvent{Records: []events.SQSMessage{m}}
}

func TestQueue(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		text := consent.Text(consent.NewContext(t.Context(), v.State))
		invoke(t, consume(client), queued(&text))
		requireFlushed(t, client)
	})
}

func TestQueueWithoutTheAnswer(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		invoke(t, consume(client), queued(nil))
	})
}

func TestMalformedAnswerIsDenied(t *testing.T) {
	shoptest.Denied(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		text := "yes"
		invoke(t, consume(client), queued(&text))
	})
}
