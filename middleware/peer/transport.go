package peer

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// A Transport is the transport of an HTTP client that calls your own services. To requests
// that To approves it adds the [Header] with the State of the request's context; from all
// others it removes the header.
//
// If the context carries no State, or one of more than 16 KiB as text, the header is not
// set, and the [Source] of the called service denies everything, with [ErrNoAnswer]. For a
// call on nobody's behalf use consent.NewContext(ctx, consent.All(consent.Denied)).
//
// If the State was made of the answers of a device and of an account ([consent.Both]), it holds
// for the policy that it was made for: the called services need the same one.
//
// The request is not changed; a copy is sent. A redirect is another request, so To is
// called for its host. All methods may be called from many goroutines at once if To may.
// The zero Transport sends the header to nobody.
type Transport struct {
	// To reports whether a request goes to one of your own services that should know the
	// visitor's answer, as [Hosts] does. It must check r.URL, not r.Host, which does not
	// decide where a request goes. Nil: none does.
	To func(r *http.Request) bool

	// Base sends the requests. Nil: http.DefaultTransport.
	Base http.RoundTripper
}

// Hosts returns a function for [Transport.To] that approves requests to these hosts, each
// with its port if the URL has one, such as "orders.internal:8080". Casing is ignored.
func Hosts(hosts ...string) func(*http.Request) bool {
	hosts = slices.Clone(hosts)
	return func(r *http.Request) bool {
		return slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, r.URL.Host) })
	}
}

// RoundTrip sends r, with or without the header.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	text := t.text(r)
	if text == "" && len(lines(r.Header)) == 0 {
		return base.RoundTrip(r)
	}
	sent := r.Clone(r.Context())
	if sent.Header == nil {
		sent.Header = http.Header{}
	}
	for name := range sent.Header {
		if strings.EqualFold(name, Header) {
			delete(sent.Header, name)
		}
	}
	if text != "" {
		sent.Header.Set(Header, text)
	}
	return base.RoundTrip(sent)
}

// text returns the value of the header for r, or "" for none.
func (t Transport) text(r *http.Request) string {
	if t.To == nil || r.URL == nil || !t.To(r) {
		return ""
	}
	state, ok := consent.Lookup(r.Context())
	if !ok {
		return ""
	}
	text, err := state.MarshalText()
	if err != nil {
		return "" // the called service gets ErrNoAnswer
	}
	return string(text)
}

// CloseIdleConnections closes those of Base, for http.Client.CloseIdleConnections.
func (t Transport) CloseIdleConnections() {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	if closer, ok := base.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}
