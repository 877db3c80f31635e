// A service on Connect, which other services of the shop call.
//
// The recipe is consent.go. A Connect client sends through an http.Client, and a Connect
// handler is an http.Handler, so what package peer has will do, unary and streaming, whatever
// the protocol; interceptors are not needed. The trap: a client made with
// http.DefaultClient, or a call with a context that is not the request's, carries nothing;
// the called service denies, and OnError is told. A handler outside the middleware counts
// in Stats.Unbound.
package main

import (
	"context"
	"log"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

const (
	unary  = "/shop.Orders/Order"
	stream = "/shop.Orders/OrderAll"
)

// routes has the handlers that generated code would have made.
func routes(client *consent.Client) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(unary, connect.NewUnaryHandler(unary,
		func(ctx context.Context, _ *connect.Request[emptypb.Empty]) (*connect.Response[emptypb.Empty], error) {
			return connect.NewResponse(&emptypb.Empty{}), shop.Order(client.For(ctx))
		}))
	mux.Handle(stream, connect.NewClientStreamHandler(stream,
		func(ctx context.Context, s *connect.ClientStream[emptypb.Empty]) (*connect.Response[emptypb.Empty], error) {
			for s.Receive() {
				if err := shop.Order(client.For(ctx)); err != nil {
					return nil, err
				}
			}
			return connect.NewResponse(&emptypb.Empty{}), s.Err()
		}))
	return mux
}

// hasCertificate trusts who has a client certificate that was verified.
func hasCertificate(r *http.Request) bool { return r.TLS != nil && len(r.TLS.VerifiedChains) > 0 }

func logged(_ *http.Request, err error) { log.Print("consent: ", err) }

func main() {
	client := shop.Open()
	defer shop.Close(client)
	shop.Serve(read(hasCertificate, logged)(routes(client))) // over TLS that asks for certificates
}
