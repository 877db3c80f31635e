package peer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware/peer"
)

// sent is a base transport that keeps the headers of what it is given.
type sent []http.Header

func (s *sent) RoundTrip(r *http.Request) (*http.Response, error) {
	*s = append(*s, r.Header)
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

func TestTransport(t *testing.T) {
	many := make(map[string]bool)
	for i := range 2000 {
		many[fmt.Sprintf("%d%s", i, strings.Repeat("x", 20))] = true
	}
	with := func(s consent.State) context.Context { return consent.NewContext(t.Context(), s) }
	for _, test := range []struct {
		name   string
		ctx    context.Context
		to     func(*http.Request) bool
		header http.Header
		want   []string
	}{
		{name: "to one of ours", ctx: with(accepts), to: peer.Hosts("else", "ORDERS.internal:8080"), want: []string{accepts.String()}},
		{name: "nobody looked, and says so", ctx: with(denied), to: peer.Hosts("orders.internal:8080"), want: []string{denied.String()}},
		{name: "another port", ctx: with(accepts), to: peer.Hosts("orders.internal")},
		{name: "no To", ctx: with(accepts)},
		{name: "a context without a State", ctx: t.Context(), to: peer.Hosts("orders.internal:8080")},
		{name: "more than the text may be", ctx: with(consent.NewState(many)), to: peer.Hosts("orders.internal:8080")},
		{name: "a header passed on to ours", ctx: with(rejects), to: peer.Hosts("orders.internal:8080"),
			header: http.Header{peer.Header: {accepts.String(), accepts.String()}}, want: []string{rejects.String()}},
		{name: "a header passed on to a stranger", ctx: with(rejects), header: http.Header{peer.Header: {accepts.String()}}},
		{name: "a header passed on without a State", ctx: t.Context(), to: peer.Hosts("orders.internal:8080"),
			header: http.Header{strings.ToLower(peer.Header): {accepts.String()}, strings.ToUpper(peer.Header): {accepts.String()}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(test.ctx, http.MethodGet, "http://orders.internal:8080/", nil)
			require.NoError(t, err)
			if test.header != nil {
				r.Header = test.header.Clone()
			}
			before := r.Header.Clone()
			var base sent
			_, err = peer.Transport{To: test.to, Base: &base}.RoundTrip(r)
			require.NoError(t, err)
			require.Len(t, base, 1)
			var got []string
			for name, values := range base[0] {
				if strings.EqualFold(name, peer.Header) {
					got = append(got, values...)
				}
			}
			require.Equal(t, test.want, got)
			require.Equal(t, before, r.Header, "the caller's request")
		})
	}
}

func TestTransportSetsAHeaderThatIsNil(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "http://orders.internal/", nil)
	r.Header = nil
	var base sent
	_, err := peer.Transport{To: peer.Hosts("orders.internal"), Base: &base}.RoundTrip(r.WithContext(consent.NewContext(t.Context(), accepts)))
	require.NoError(t, err)
	require.Equal(t, accepts.String(), base[0].Get(peer.Header))
	require.Nil(t, r.Header)
}

// The service redirects to a foreign host, which gets no header.
func TestRedirectDropsHeader(t *testing.T) {
	headers := make(chan []string, 2)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Values(peer.Header)
	}))
	defer elsewhere.Close()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Values(peer.Header)
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	}))
	defer service.Close()

	client := &http.Client{Transport: peer.Transport{To: peer.Hosts(strings.TrimPrefix(service.URL, "http://"))}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(consent.NewContext(t.Context(), accepts), http.MethodGet, service.URL, nil)
	require.NoError(t, err)
	response, err := client.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, []string{accepts.String()}, <-headers)
	require.Empty(t, <-headers)
}
