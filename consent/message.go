package consent

import "github.com/segmentio/analytics-go/v3"

// restamp returns a copy of the message, a value of one of the six types, with what stamp
// makes of the two fields that all types share.
func restamp(m analytics.Message, stamp func(*analytics.Context, analytics.Integrations) (*analytics.Context, analytics.Integrations)) analytics.Message {
	switch m := m.(type) {
	case analytics.Track:
		m.Context, m.Integrations = stamp(m.Context, m.Integrations)
		return m
	case analytics.Identify:
		m.Context, m.Integrations = stamp(m.Context, m.Integrations)
		return m
	case analytics.Page:
		m.Context, m.Integrations = stamp(m.Context, m.Integrations)
		return m
	case analytics.Screen:
		m.Context, m.Integrations = stamp(m.Context, m.Integrations)
		return m
	case analytics.Group:
		m.Context, m.Integrations = stamp(m.Context, m.Integrations)
		return m
	case analytics.Alias:
		m.Context, m.Integrations = stamp(m.Context, m.Integrations)
		return m
	default:
		panic("consent: unreachable")
	}
}
