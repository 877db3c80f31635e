package delivery

import (
	"reflect"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"
)

// examples has a message of each type with every field set.
func examples() []analytics.Message {
	return []analytics.Message{
		filled[analytics.Track](), filled[analytics.Identify](), filled[analytics.Page](),
		filled[analytics.Screen](), filled[analytics.Group](), filled[analytics.Alias](),
	}
}

func filled[M any]() M {
	var m M
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i).Addr().Interface().(type) {
		case *string:
			*f = "a " + v.Type().Field(i).Name
		case *time.Time:
			*f = time.Unix(1, 0)
		case **analytics.Context:
			*f = &analytics.Context{Locale: "de"}
		default: // maps
			v.Field(i).Set(reflect.MakeMap(v.Field(i).Type()))
			v.Field(i).SetMapIndex(reflect.ValueOf("key"), reflect.ValueOf("value"))
		}
	}
	return m
}

func pointerTo(m analytics.Message) analytics.Message {
	p := reflect.New(reflect.TypeOf(m))
	p.Elem().Set(reflect.ValueOf(m))
	return p.Interface().(analytics.Message)
}

func TestOpenPointsToEveryFieldOfCopy(t *testing.T) {
	for _, given := range examples() {
		for _, m := range []analytics.Message{given, pointerTo(given)} {
			opened, ok := Open(m)
			require.True(t, ok)
			require.Equal(t, given, opened.Value())
			require.Equal(t, pointerTo(given), opened.Pointer())

			pointers := map[any]bool{}
			v := reflect.ValueOf(opened).Elem()
			for i := range v.NumField() {
				if v.Field(i).Kind() == reflect.Pointer && v.Type().Field(i).IsExported() {
					pointers[v.Field(i).Pointer()] = true
				}
			}
			copied := reflect.ValueOf(opened.Pointer()).Elem()
			for i := range copied.NumField() {
				require.Contains(t, pointers, copied.Field(i).Addr().Pointer(), "Message lacks %s.%s", copied.Type(), copied.Type().Field(i).Name)
			}

			*opened.UserID, *opened.Context = "changed", nil
			require.NotEqual(t, given, opened.Value())
			require.Equal(t, "a UserId", reflect.Indirect(reflect.ValueOf(m)).FieldByName("UserId").String(), "the caller's is unchanged")
		}
	}
}

type embedded struct{ analytics.Track }

type Track struct{}

func (Track) Validate() error { return nil }

func TestOpenRefusesOtherTypes(t *testing.T) {
	for name, m := range map[string]analytics.Message{
		"nil": nil,
		"nil *github.com/segmentio/analytics-go/v3.Track":            (*analytics.Track)(nil),
		"nil *github.com/segmentio/analytics-go/v3.Alias":            (*analytics.Alias)(nil),
		"github.com/go-consent/segment/internal/delivery.embedded":   embedded{},
		"github.com/go-consent/segment/internal/delivery.Track":      Track{},
		"*github.com/go-consent/segment/internal/delivery.Track":     &Track{},
		"nil *github.com/go-consent/segment/internal/delivery.Track": (*Track)(nil),
	} {
		opened, ok := Open(m)
		require.False(t, ok)
		require.Nil(t, opened)
		require.Equal(t, name, TypeName(m))
	}
	require.Equal(t, "[]int", TypeName([]int{}))
}

func TestOpenAllocatesOnce(t *testing.T) {
	for _, m := range examples() {
		require.EqualValues(t, 1, testing.AllocsPerRun(100, func() { _, _ = Open(m) }))
		require.EqualValues(t, 0, testing.AllocsPerRun(100, func() { _ = KindOf(m) }))
	}
}
