package main

import (
	"context"
	"errors"
	"log"
)

type orderRequest struct{ User, Order string }

func newServer() *server {
	return &server{intercept: logged, methods: map[string]unaryHandler{
		"PlaceOrder":  placeOrder,
		"CancelOrder": cancelOrder,
	}}
}

func logged(ctx context.Context, request any, next unaryHandler) (any, error) {
	response, err := next(ctx, request)
	if err != nil {
		log.Printf("call %q: %v", incoming(ctx)["request-id"], err)
	}
	return response, err
}

var errRequest = errors.New("not a request about an order")

func placeOrder(_ context.Context, request any) (any, error) {
	order, ok := request.(orderRequest)
	if !ok {
		return nil, errRequest
	}
	Track(order.User, "Order Completed")
	return order.Order, nil
}

func cancelOrder(_ context.Context, request any) (any, error) {
	order, ok := request.(orderRequest)
	if !ok {
		return nil, errRequest
	}
	Track(order.User, "Order Cancelled")
	return order.Order, nil
}
