package main

import (
	"context"
	"errors"
	"log"

	"github.com/go-consent/segment/consent"
)

type orderRequest struct{ User, Order string }

func newServer() *server {
	return &server{intercept: logged, methods: map[string]unaryHandler{
		"PlaceOrder":  placeOrder,
		"CancelOrder": cancelOrder,
	}}
}

func logged(ctx context.Context, request any, next unaryHandler) (any, error) {
	ctx, err := consent.WithText(ctx, incoming(ctx)["consent"])
	if err != nil {
		log.Print(err) // everything is denied
	}
	response, err := next(ctx, request)
	if err != nil {
		log.Printf("call %q: %v", incoming(ctx)["request-id"], err)
	}
	return response, err
}

var errRequest = errors.New("not a request about an order")

func placeOrder(ctx context.Context, request any) (any, error) {
	order, ok := request.(orderRequest)
	if !ok {
		return nil, errRequest
	}
	Track(ctx, order.User, "Order Completed")
	return order.Order, nil
}

func cancelOrder(ctx context.Context, request any) (any, error) {
	order, ok := request.(orderRequest)
	if !ok {
		return nil, errRequest
	}
	Track(ctx, order.User, "Order Cancelled")
	return order.Order, nil
}
