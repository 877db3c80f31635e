package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
	"github.com/go-consent/segment/middleware/peer"
)

// order makes one unary call, and then two in a stream, with each protocol in turn.
func order(ctx context.Context, t *testing.T, handler http.Handler, carries bool) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	base := server.Client().Transport
	c := &http.Client{Transport: base}
	if carries {
		c = carrying(base, strings.TrimPrefix(server.URL, "https://"))
	}
	for _, protocol := range [][]connect.ClientOption{nil, {connect.WithGRPC()}, {connect.WithGRPCWeb()}} {
		one := connect.NewClient[emptypb.Empty, emptypb.Empty](c, server.URL+unary, protocol...)
		if _, err := one.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{})); err != nil {
			t.Fatal(err)
		}
		all := connect.NewClient[emptypb.Empty, emptypb.Empty](c, server.URL+stream, protocol...).CallClientStream(ctx)
		for range 2 {
			if err := all.Send(&emptypb.Empty{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := all.CloseAndReceive(); err != nil {
			t.Fatal(err)
		}
	}
}

const orders = 3 * 3 // of each protocol one and two

func ours(*http.Request) bool { return true }

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, orders, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(consent.NewContext(t.Context(), v.State), t, read(ours, logged)(routes(client)), true)
	})
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, orders, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		order(consent.NewContext(t.Context(), v.State), t, routes(client), true)
	})
}

// A call without the answer is reported at the service that was called.
func TestNoTransport(t *testing.T) {
	testRefused(t, ours, false, true, peer.ErrNoAnswer)
}

func TestContextOfNoRequest(t *testing.T) {
	testRefused(t, ours, true, false, peer.ErrNoAnswer)
}

func TestStrangersAreDenied(t *testing.T) {
	testRefused(t, hasCertificate, true, true, peer.ErrStranger)
}

func testRefused(t *testing.T, trusts func(*http.Request) bool, carries, bound bool, want error) {
	shoptest.Denied(t, orders, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		told := make(chan error, orders)
		ctx := t.Context()
		if bound {
			ctx = consent.NewContext(ctx, v.State)
		}
		order(ctx, t, read(trusts, func(_ *http.Request, err error) { told <- err })(routes(client)), carries)
		close(told)
		if len(told) != 6 {
			t.Errorf("told of %d calls, not of 6", len(told))
		}
		for err := range told {
			if !errors.Is(err, want) {
				t.Error(err)
			}
		}
	})
}
