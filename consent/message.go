package consent

import (
	"maps"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/delivery"
)

// copyOf returns a copy of the message, its maps and its context, for a hook that may keep or
// change it. A value that is not a message is returned unchanged.
func copyOf(given analytics.Message) analytics.Message {
	m, ok := delivery.Open(given)
	if !ok {
		return given
	}
	*m.Context, *m.Integrations = clone(*m.Context), maps.Clone(*m.Integrations)
	if m.Object != nil {
		*m.Object = maps.Clone(*m.Object)
	}
	return m.Value()
}

func clone(c *analytics.Context) *analytics.Context {
	if c == nil {
		return nil
	}
	copied := *c
	copied.Traits = maps.Clone(c.Traits)
	copied.Extra = maps.Clone(c.Extra)
	return &copied
}

// isUpdate reports whether the message is an [UpdateEvent].
func isUpdate(m analytics.Message) bool {
	switch m := m.(type) {
	case analytics.Track:
		return m.Event == UpdateEvent
	case *analytics.Track:
		return m.Event == UpdateEvent
	default:
		return false
	}
}
