package delivery

import "github.com/segmentio/analytics-go/v3"

// A Kind is one of analytics-go's message types.
type Kind struct {
	// Name is the type's name on the wire.
	Name string
	open func(analytics.Message) *Message
}

// KindOf returns the Kind of the message, given by value or by pointer. It is nil for
// values that analytics-go does not accept: nil, a nil pointer, and any other type.
func KindOf(m analytics.Message) *Kind {
	switch m := m.(type) {
	case analytics.Track:
		return &trackKind.value
	case analytics.Identify:
		return &identifyKind.value
	case analytics.Page:
		return &pageKind.value
	case analytics.Screen:
		return &screenKind.value
	case analytics.Group:
		return &groupKind.value
	case analytics.Alias:
		return &aliasKind.value
	case *analytics.Track:
		return trackKind.of(m)
	case *analytics.Identify:
		return identifyKind.of(m)
	case *analytics.Page:
		return pageKind.of(m)
	case *analytics.Screen:
		return screenKind.of(m)
	case *analytics.Group:
		return groupKind.of(m)
	case *analytics.Alias:
		return aliasKind.of(m)
	default:
		return nil
	}
}

// IsAlias reports whether messages of this type join two ids of a person.
func (k *Kind) IsAlias() bool { return k.Name == "alias" }

// IsIdentify reports whether messages of this type say who a person is.
func (k *Kind) IsIdentify() bool { return k.Name == "identify" }

// Open returns a copy of the message, whose Kind k is.
func (k *Kind) Open(m analytics.Message) *Message {
	opened := k.open(m)
	opened.kind = k
	return opened
}

// kinds are those of a type M and of pointers to it.
type kinds[M analytics.Message] struct{ value, pointer Kind }

func newKinds[M analytics.Message](name string, open func(M) *Message) *kinds[M] {
	return &kinds[M]{
		value:   Kind{name, func(m analytics.Message) *Message { return open(m.(M)) }},
		pointer: Kind{name, func(m analytics.Message) *Message { return open(*any(m).(*M)) }},
	}
}

func (k *kinds[M]) of(m *M) *Kind {
	if m == nil {
		return nil
	}
	return &k.pointer
}

var (
	trackKind    = newKinds("track", openTrack)
	identifyKind = newKinds("identify", openIdentify)
	pageKind     = newKinds("page", openPage)
	screenKind   = newKinds("screen", openScreen)
	groupKind    = newKinds("group", openGroup)
	aliasKind    = newKinds("alias", openAlias)
)

func openTrack(given analytics.Track) *Message {
	h := hold(given)
	f, m := &h.fields, &h.message
	f.Type, f.MessageID, f.Timestamp, f.Context, f.Integrations = &m.Type, &m.MessageId, &m.Timestamp, &m.Context, &m.Integrations
	f.AnonymousID, f.UserID, f.Event, f.Object = &m.AnonymousId, &m.UserId, &m.Event, (*map[string]any)(&m.Properties)
	return f
}

func openIdentify(given analytics.Identify) *Message {
	h := hold(given)
	f, m := &h.fields, &h.message
	f.Type, f.MessageID, f.Timestamp, f.Context, f.Integrations = &m.Type, &m.MessageId, &m.Timestamp, &m.Context, &m.Integrations
	f.AnonymousID, f.UserID, f.Object = &m.AnonymousId, &m.UserId, (*map[string]any)(&m.Traits)
	return f
}

func openPage(given analytics.Page) *Message {
	h := hold(given)
	f, m := &h.fields, &h.message
	f.Type, f.MessageID, f.Timestamp, f.Context, f.Integrations = &m.Type, &m.MessageId, &m.Timestamp, &m.Context, &m.Integrations
	f.AnonymousID, f.UserID, f.Name, f.Object = &m.AnonymousId, &m.UserId, &m.Name, (*map[string]any)(&m.Properties)
	return f
}

func openScreen(given analytics.Screen) *Message {
	h := hold(given)
	f, m := &h.fields, &h.message
	f.Type, f.MessageID, f.Timestamp, f.Context, f.Integrations = &m.Type, &m.MessageId, &m.Timestamp, &m.Context, &m.Integrations
	f.AnonymousID, f.UserID, f.Name, f.Object = &m.AnonymousId, &m.UserId, &m.Name, (*map[string]any)(&m.Properties)
	return f
}

func openGroup(given analytics.Group) *Message {
	h := hold(given)
	f, m := &h.fields, &h.message
	f.Type, f.MessageID, f.Timestamp, f.Context, f.Integrations = &m.Type, &m.MessageId, &m.Timestamp, &m.Context, &m.Integrations
	f.AnonymousID, f.UserID, f.GroupID, f.Object = &m.AnonymousId, &m.UserId, &m.GroupId, (*map[string]any)(&m.Traits)
	return f
}

func openAlias(given analytics.Alias) *Message {
	h := hold(given)
	f, m := &h.fields, &h.message
	f.Type, f.MessageID, f.Timestamp, f.Context, f.Integrations = &m.Type, &m.MessageId, &m.Timestamp, &m.Context, &m.Integrations
	f.UserID, f.PreviousID = &m.UserId, &m.PreviousId
	return f
}
