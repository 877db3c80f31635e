package consent

import (
	"maps"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/message"
)

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

// withAnonymousID returns a copy of the message, a value of one of the six types,
// with its AnonymousId filled in if it has none. An Alias has no such field.
func withAnonymousID(m analytics.Message, id func() string) analytics.Message {
	fill := func(field *string) {
		if *field == "" {
			*field = id()
		}
	}
	switch m := m.(type) {
	case analytics.Track:
		fill(&m.AnonymousId)
		return m
	case analytics.Identify:
		fill(&m.AnonymousId)
		return m
	case analytics.Page:
		fill(&m.AnonymousId)
		return m
	case analytics.Screen:
		fill(&m.AnonymousId)
		return m
	case analytics.Group:
		fill(&m.AnonymousId)
		return m
	default:
		return m
	}
}

// copyOf returns the message with maps and a context of its own, for a hook that
// may keep or change it. What is no message is returned as it is.
func copyOf(m analytics.Message) analytics.Message {
	value, ok := message.Value(m)
	if !ok {
		return m
	}
	value = restamp(value, func(c *analytics.Context, i analytics.Integrations) (*analytics.Context, analytics.Integrations) {
		return clone(c), maps.Clone(i)
	})
	switch m := value.(type) {
	case analytics.Track:
		m.Properties = maps.Clone(m.Properties)
		return m
	case analytics.Identify:
		m.Traits = maps.Clone(m.Traits)
		return m
	case analytics.Page:
		m.Properties = maps.Clone(m.Properties)
		return m
	case analytics.Screen:
		m.Properties = maps.Clone(m.Properties)
		return m
	case analytics.Group:
		m.Traits = maps.Clone(m.Traits)
		return m
	default:
		return m
	}
}
