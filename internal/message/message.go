// Package message takes the messages of analytics-go from behind their pointers.
package message

import "github.com/segmentio/analytics-go/v3"

// Value returns a copy of the message as the value type that analytics-go sends,
// and whether it is one of the six there are: not nil, and no type of one's own.
func Value(m analytics.Message) (analytics.Message, bool) {
	switch m := m.(type) {
	case analytics.Track, analytics.Identify, analytics.Page, analytics.Screen, analytics.Group, analytics.Alias:
		return m, true
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
		return nil, false
	}
}

func deref[M analytics.Message](m *M) (analytics.Message, bool) {
	if m == nil {
		return nil, false
	}
	return *m, true
}
