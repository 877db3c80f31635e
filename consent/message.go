package consent

import (
	"fmt"

	"github.com/segmentio/analytics-go/v3"
)

// valueOf returns a copy of the message as the value type that analytics-go sends,
// so that a caller may reuse a message it passed by pointer. Nil and types other
// than the six of analytics-go are errors.
func valueOf(m analytics.Message) (analytics.Message, error) {
	switch m := m.(type) {
	case analytics.Track, analytics.Identify, analytics.Page, analytics.Screen, analytics.Group, analytics.Alias:
		return m, nil
	case *analytics.Track:
		return deref(m)
	case *analytics.Identify:
		return deref(m)
	case *analytics.Page:
		return deref(m)
	case *analytics.Screen:
		return deref(m)
	case *analytics.Group:
		return deref(m)
	case *analytics.Alias:
		return deref(m)
	default:
		return nil, fmt.Errorf("%w: %T", ErrMessage, m)
	}
}

func deref[M analytics.Message](m *M) (analytics.Message, error) {
	if m == nil {
		return nil, fmt.Errorf("%w: %T(nil)", ErrMessage, m)
	}
	return *m, nil
}

// restamp returns a copy of the message, which valueOf returned, with what stamp
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
