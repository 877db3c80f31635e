// Package nils finds interfaces that hold nothing to call.
package nils

import "reflect"

// Is reports whether i is nil, or holds a nil pointer, function or the like.
func Is(i any) bool {
	switch v := reflect.ValueOf(i); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil()
	default:
		return false
	}
}
