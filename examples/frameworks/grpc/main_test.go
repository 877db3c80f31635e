package main

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
)

var (
	ours      = server{func(context.Context) bool { return true }}
	strangers = server{hasCertificate} // these connections have none
	carrying  = []grpc.DialOption{grpc.WithChainUnaryInterceptor(carry), grpc.WithChainStreamInterceptor(carryStream)}
)

// dial returns a client of a service that it reaches through a connection in memory.
func dial(t *testing.T, client *consent.Client, s server, o ...grpc.DialOption) grpc_testing.TestServiceClient {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	g := service(client, s)
	go g.Serve(listener)
	t.Cleanup(g.Stop)
	conn, err := grpc.NewClient("passthrough:shop", append(o,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return grpc_testing.NewTestServiceClient(conn)
}

// order makes one unary call, and then two in a stream.
func order(ctx context.Context, t *testing.T, c grpc_testing.TestServiceClient) {
	t.Helper()
	if _, err := c.UnaryCall(ctx, &grpc_testing.SimpleRequest{}); err != nil {
		t.Fatal(err)
	}
	stream, err := c.StreamingInputCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := stream.Send(&grpc_testing.StreamingInputCallRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
}

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(consent.NewContext(t.Context(), v.State), t, dial(t, client, ours, carrying...))
	})
}

// Metadata that the caller set itself, or passed on from a visitor, does not count.
func TestMetadataOfTheCallerIsReplaced(t *testing.T) {
	shoptest.Wired(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		ctx := metadata.AppendToOutgoingContext(t.Context(), key, shoptest.Accepts.State.String(), key, "", "other", "stays")
		order(consent.NewContext(ctx, v.State), t, dial(t, client, ours, carrying...))
	})
}

func TestNoInterceptor(t *testing.T) {
	shoptest.Miswired(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(consent.NewContext(t.Context(), v.State), t, dial(t, client, ours))
	})
}

func TestContextOfNoRequest(t *testing.T) {
	shoptest.Miswired(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(t.Context(), t, dial(t, client, ours, carrying...))
	})
}

func TestStrangersAreDenied(t *testing.T) {
	shoptest.Denied(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(consent.NewContext(t.Context(), v.State), t, dial(t, client, strangers, carrying...))
	})
}

func TestSeveralAndMalformedAnswersAreDenied(t *testing.T) {
	yes := shoptest.Accepts.State.String()
	for name, pairs := range map[string][]string{"several": {key, yes, key, yes}, "malformed": {key, "yes"}} {
		t.Run(name, func(t *testing.T) {
			shoptest.Denied(t, 3, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
				order(metadata.AppendToOutgoingContext(t.Context(), pairs...), t, dial(t, client, ours))
			})
		})
	}
}
