package consent

import (
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
)

// About returns a client for messages about one person: it suppresses every message whose
// UserId is another or empty, with [SuppressedAnotherPerson], and an Alias with another
// previous id too. A State is the answer of one person, so a worker that binds a client to
// the answer of an account names the account here, and an event about anybody else (an
// admin's, an import's, that of the job before) is found instead of sent. An empty userID is
// nobody's.
//
// [UpdateEvent] is a message like any other here, as it would report the answer that c is
// bound to. [Client.Tell] tells the answer of whoever it names.
func (c *Client) About(userID string) *Client {
	d := c.derive()
	if d.exempt != nil {
		d.state, d.bound, d.exempt = State{}, false, nil // what it was bound to was of nobody
	}
	d.person = &userID
	return d
}

// isAboutAnother reports whether a message is about somebody else than the client is for.
func (c *Client) isAboutAnother(kind *delivery.Kind, given analytics.Message) bool {
	if c.person == nil || c.exempt != nil {
		return false
	}
	m := kind.Open(given)
	return *c.person == "" || *m.UserID != *c.person || m.PreviousID != nil && *m.PreviousID != *c.person
}
