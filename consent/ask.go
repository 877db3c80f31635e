package consent

// Decide returns what c decides about a message of a visitor who answered s: the Decision as
// [Options.Router] carries it out, and why the message is suppressed, or "" if it leaves. An
// Alias is suppressed, too, where anything is denied, and the integrations of a message may
// close more. What c is bound to does not matter. It is for pages and reports, and tells no
// hook; a client of nothing allows nothing.
func (c *Client) Decide(s State) (sent Decision, suppressed Reason) {
	if c == nil || c.shared == nil {
		return Decision{}, SuppressedNothingAllowed
	}
	made := c.shared.stampFor(c.shared.decide(s), s)
	return made.decision, made.suppressed
}

// Opens reports whether a message of a visitor who answered s leaves for a destination that
// needs consent, as [Client.Decide] decides. Strictly necessary destinations alone are none.
func (c *Client) Opens(s State) bool {
	sent, suppressed := c.Decide(s)
	return suppressed == "" && sent.identifies()
}
