package consent

import (
	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
)

// About returns a client for messages about one person. It suppresses every message whose
// UserId is empty or another one, with [SuppressedAnotherPerson], and an Alias with another
// previous id too. A State is the answer of one person. So a worker that binds a client to the
// answer of an account names the account here. An event about anybody else, such as an admin, a
// person of an import or of the previous job, is then suppressed instead of sent. With an empty
// userID, every message is suppressed.
//
// [UpdateEvent] is treated like any other message, as it would report the answer that c is bound
// to. [Client.Tell] does not depend on About: it reports the answer of the person that it names.
func (c *Client) About(userID string) *Client {
	d := c.derive()
	if d.exempt != nil {
		d.state, d.bound, d.exempt = State{}, false, nil // an exemption ends, and leaves no answer
	}
	d.person = &userID
	return d
}

// isAboutAnother reports whether a message is about a person whom the client is not for.
func (c *Client) isAboutAnother(kind *delivery.Kind, given analytics.Message) bool {
	if c.person == nil || c.exempt != nil {
		return false
	}
	m := kind.Open(given)
	return *c.person == "" || *m.UserID != *c.person || m.PreviousID != nil && *m.PreviousID != *c.person
}
