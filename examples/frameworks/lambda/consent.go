package main

import (
	"context"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

type (
	input  = events.APIGatewayV2HTTPRequest // a function URL has the same
	output = events.APIGatewayV2HTTPResponse
)

// tracked passes the client for the visitor of the event to the handler, and waits until
// what it tracked has arrived: Lambda freezes the process when a handler returns.
func tracked(client *consent.Client, o middleware.Options, handle func(context.Context, *consent.Client, input) (output, error)) func(context.Context, input) (output, error) {
	return func(ctx context.Context, in input) (output, error) {
		defer flush(ctx, client)
		ctx = middleware.Context(request(ctx, in), o)
		return handle(ctx, client.For(ctx), in)
	}
}

func flush(ctx context.Context, client *consent.Client) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := client.Flush(ctx); err != nil {
		log.Print("not all was sent: ", err)
	}
}

// request has what the Sources look at. API Gateway has the cookies apart from the headers.
func request(ctx context.Context, in input) *http.Request {
	r := &http.Request{
		Method: in.RequestContext.HTTP.Method, Host: in.RequestContext.DomainName,
		URL: &url.URL{Path: in.RawPath, RawQuery: in.RawQueryString}, Header: http.Header{},
	}
	for name, value := range in.Headers {
		r.Header.Add(name, value)
	}
	if len(in.Cookies) > 0 {
		r.Header.Add("Cookie", strings.Join(in.Cookies, "; "))
	}
	return r.WithContext(ctx)
}

// attribute is that of a message in a queue which holds consent.Text of whoever sent it.
const attribute = "consent-state"

// bound returns the context with the answer of the message.
func bound(ctx context.Context, m events.SQSMessage) context.Context {
	text := m.MessageAttributes[attribute].StringValue
	if text == nil {
		return ctx // denied, and counted in Stats.Unbound
	}
	ctx, err := consent.WithText(ctx, *text)
	if err != nil {
		log.Print("consent: ", err)
	}
	return ctx
}
