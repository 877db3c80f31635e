package main

import (
	"context"
	"fmt"
)

// What follows stands for gRPC, which has all of it.

// A metadata travels with a call.
type metadata map[string]string

// A unaryHandler is a method of a service.
type unaryHandler func(ctx context.Context, request any) (response any, err error)

// An interceptor is called around every method.
type interceptor func(ctx context.Context, request any, next unaryHandler) (response any, err error)

// A server has methods by name.
type server struct {
	intercept interceptor
	methods   map[string]unaryHandler
}

type incomingKey struct{}

// incoming returns the metadata of the call that ctx belongs to.
func incoming(ctx context.Context) metadata {
	md, _ := ctx.Value(incomingKey{}).(metadata)
	return md
}

// call is what arrives of a call: the context of the caller stays behind.
func (s *server) call(md metadata, method string, request any) (response any, err error) {
	handler, ok := s.methods[method]
	if !ok {
		return nil, fmt.Errorf("no method %q", method)
	}
	ctx := context.WithValue(context.Background(), incomingKey{}, md)
	return s.intercept(ctx, request, handler)
}
