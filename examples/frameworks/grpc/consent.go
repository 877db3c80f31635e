package main

import (
	"context"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/go-consent/segment/consent"
)

const key = "consent-state"

// carry and carryStream are for the connections to services of one's own, and no others:
// grpc.WithChainUnaryInterceptor(carry), grpc.WithChainStreamInterceptor(carryStream).
func carry(ctx context.Context, method string, in, out any, c *grpc.ClientConn, call grpc.UnaryInvoker, o ...grpc.CallOption) error {
	return call(outgoing(ctx), method, in, out, c, o...)
}

func carryStream(ctx context.Context, d *grpc.StreamDesc, c *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(outgoing(ctx), d, c, method, o...)
}

func outgoing(ctx context.Context) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	md = metadata.Join(md)
	delete(md, key) // what a visitor may have sent
	if text := consent.Text(ctx); text != "" {
		md.Set(key, text)
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// A server reads what carry sent. Trusts reports whether the caller is a service of one's
// own, by its certificate or token.
type server struct {
	trusts func(context.Context) bool
}

func (s server) unary(ctx context.Context, in any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	return handle(s.incoming(ctx), in)
}

func (s server) stream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return handle(srv, inContext{stream, s.incoming(stream.Context())})
}

type inContext struct {
	grpc.ServerStream
	ctx context.Context
}

func (s inContext) Context() context.Context { return s.ctx }

func (s server) incoming(ctx context.Context) context.Context {
	texts := metadata.ValueFromIncomingContext(ctx, key)
	switch {
	case len(texts) == 0:
		return ctx // denied, and counted in Stats.Unbound
	case len(texts) > 1 || s.trusts == nil || !s.trusts(ctx):
		log.Printf("consent: %d answers, or of a stranger", len(texts))
		return consent.NewContext(ctx, consent.All(consent.Denied))
	}
	bound, err := consent.WithText(ctx, texts[0])
	if err != nil {
		log.Print("consent: ", err)
	}
	return bound
}
