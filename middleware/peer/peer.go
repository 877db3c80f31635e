// Package peer carries what a visitor answered from one of your own services to the next,
// in a header of the HTTP requests between them.
//
// The service that the visitor talks to reads the cookie, as always. Its HTTP client has a
// [Transport], which adds the State of the request's context to calls to the services that you
// name. Such a service reads the header with a [Source], from the peers that you tell it to
// trust:
//
//	client := &http.Client{Transport: peer.Transport{To: peer.Hosts("orders.internal:8080")}}
//	req, err := http.NewRequestWithContext(r.Context(), "POST", "http://orders.internal:8080/", body)
//
//	read := middleware.New(middleware.Options{Sources: []middleware.Source{peer.Source{Trusts: isOurs}}})
//
// The header is not signed. A client that can set it decides which destinations see the events of
// the request, so nobody is trusted until a function says so.
//
// # What counts when
//
//	request of       header        Visitors    State
//	a trusted peer   one, valid    none        the header's
//	a trusted peer   one, valid    an answer   the header's, with the denials of the answer
//	a trusted peer   none          whatever    All(Denied), ErrNoAnswer
//	a trusted peer   several       whatever    All(Denied), ErrSeveral
//	a trusted peer   malformed     whatever    All(Denied), consent.ErrStateText
//	anybody else     any           whatever    All(Denied), ErrStranger
//	anybody else     none          none        All(Denied), ErrStranger
//	anybody else     none          some        what they say
//
// So a stranger's header allows nothing, and neither does one that a proxy lets through from a
// visitor together with a cookie that denies. A service that forgets the Transport, or calls with
// a context that is not the visitor's, shows as ErrNoAnswer at the service that it calls: set
// middleware.Options.OnError.
package peer

import (
	"errors"
	"net/http"
	"strings"
)

// Header is the header that holds the text of a State, as [consent.Text] returns it.
const Header = "Consent-State"

// Errors of a [Source]. Their texts contain no data of a request.
var (
	// ErrStranger is the error of a request that is not from a trusted peer and has the header,
	// or that arrives where there are no Visitors.
	ErrStranger = errors.New("peer: the request is not from a trusted peer")
	// ErrNoAnswer is the error of a trusted peer's request without the header: the peer
	// has no Transport for this host, or its context carried no State.
	ErrNoAnswer = errors.New("peer: the request of a trusted peer has no consent header")
	// ErrSeveral is the error of several headers in a trusted peer's request.
	ErrSeveral = errors.New("peer: the request of a trusted peer has several consent headers")
)

// lines returns the lines of the header, with its name in any casing.
func lines(h http.Header) (values []string) {
	for name, lines := range h {
		if strings.EqualFold(name, Header) {
			values = append(values, lines...)
		}
	}
	return values
}
