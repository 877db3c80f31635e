package peer

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// A Transport is the transport of an HTTP client that calls services of one's own. It adds
// the [Header] with the State that the context of the request carries to requests that To
// approves, and takes the header out of all others, whoever put it there.
//
// Where the context carries no State, or one of more than 16 KiB as text, there is no
// header either, and the [Source] of the called service denies everything, with
// [ErrNoAnswer]. A call on nobody's behalf says so with a context of
// consent.NewContext(ctx, consent.All(consent.Denied)).
//
// The request is not changed: what is sent is a copy. A redirect is another request, so To
// is asked about its host. All methods may be called from many goroutines at once if To
// may. With the zero Transport nobody is given the header.
type Transport struct {
	// To reports whether a request goes to a service of one's own that is to know the
	// visitor's answer, as [Hosts] does. It must go by r.URL, and not by r.Host, which
	// is only what the request says. Nil: none does.
	To func(r *http.Request) bool

	// Base sends the requests. Nil: http.DefaultTransport.
	Base http.RoundTripper
}

// Hosts returns a function for [Transport.To] that approves requests to these hosts, each
// with its port where a URL has one, such as "orders.internal:8080". Casing does not
// count.
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

// text returns what the header of r has to hold, or "" for none.
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
		return "" // the called service is told by its Source
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
