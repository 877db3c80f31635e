// A service on gRPC, which other services of the shop call.
//
// The recipe is consent.go: interceptors for clients and servers, unary and streaming. The
// trap: a client without the interceptor, or a call with a context that is not the
// request's, carries nothing. The called service denies, and counts it in Stats.Unbound. An
// interceptor for unary calls does nothing for streams. A stream has one answer for as long
// as it lasts: close it, and open another, when the visitor answers anew.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/peer"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

// orders has the service of gRPC's own tests, to need no generated code here.
type orders struct {
	grpc_testing.UnimplementedTestServiceServer
	client *consent.Client
}

func (o orders) UnaryCall(ctx context.Context, _ *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	return &grpc_testing.SimpleResponse{}, shop.Order(o.client.For(ctx))
}

// StreamingInputCall tracks an order for each message.
func (o orders) StreamingInputCall(stream grpc_testing.TestService_StreamingInputCallServer) error {
	for {
		_, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&grpc_testing.StreamingInputCallResponse{})
		}
		if err != nil {
			return err
		}
		if err := shop.Order(o.client.For(stream.Context())); err != nil {
			return err
		}
	}
}

// hasCertificate trusts who has a client certificate that was verified.
func hasCertificate(ctx context.Context) bool {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return false
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	return ok && len(info.State.VerifiedChains) > 0
}

func service(client *consent.Client, s server) *grpc.Server {
	g := grpc.NewServer(grpc.ChainUnaryInterceptor(s.unary), grpc.ChainStreamInterceptor(s.stream))
	grpc_testing.RegisterTestServiceServer(g, orders{client: client})
	return g
}

func main() {
	client := shop.Open()
	defer shop.Close(client)
	g := service(client, server{hasCertificate}) // and grpc.Creds with the certificates
	listener, err := net.Listen("tcp", "127.0.0.1:8080")
	if err != nil {
		log.Print(err)
		return
	}
	stopped, cancel := shop.Stopped()
	defer cancel()
	idle := make(chan struct{})
	go func() {
		<-stopped.Done()
		g.GracefulStop()
		close(idle)
	}()
	if err := g.Serve(listener); err != nil {
		log.Print(err)
		return
	}
	<-idle
}
