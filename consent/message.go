package consent

import (
	"maps"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/message"
)

// stampOf returns the two fields of the message, a value of one of the six types,
// that all types share.
func stampOf(m analytics.Message) (*analytics.Context, analytics.Integrations) {
	switch m := m.(type) {
	case analytics.Track:
		return m.Context, m.Integrations
	case analytics.Identify:
		return m.Context, m.Integrations
	case analytics.Page:
		return m.Context, m.Integrations
	case analytics.Screen:
		return m.Context, m.Integrations
	case analytics.Group:
		return m.Context, m.Integrations
	case analytics.Alias:
		return m.Context, m.Integrations
	default:
		panic("consent: unreachable")
	}
}

// withStamp returns a copy of the message with other values in those fields.
func withStamp(m analytics.Message, c *analytics.Context, i analytics.Integrations) analytics.Message {
	switch m := m.(type) {
	case analytics.Track:
		m.Context, m.Integrations = c, i
		return m
	case analytics.Identify:
		m.Context, m.Integrations = c, i
		return m
	case analytics.Page:
		m.Context, m.Integrations = c, i
		return m
	case analytics.Screen:
		m.Context, m.Integrations = c, i
		return m
	case analytics.Group:
		m.Context, m.Integrations = c, i
		return m
	case analytics.Alias:
		m.Context, m.Integrations = c, i
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
	c, i := stampOf(value)
	switch m := withStamp(value, clone(c), maps.Clone(i)).(type) {
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
