package consent

import "time"

// LimitedUntil returns until when c sends nothing, since Segment has answered 429 Too Many
// Requests: for as long as its Retry-After asked for, or else RetryAfter of the Config. A time
// that has passed limits nothing; it is the zero time if there never was such an answer, and
// always for a client that was not made by [NewSegment]. What Enqueue is given meanwhile
// waits, and is sent as it was decided.
func (c *Client) LimitedUntil() time.Time {
	if c == nil || c.shared == nil {
		return time.Time{}
	}
	if l, ok := c.shared.outlet.(interface{ LimitedUntil() time.Time }); ok {
		return l.LimitedUntil()
	}
	return time.Time{}
}
