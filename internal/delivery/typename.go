package delivery

import "reflect"

// TypeName returns the name of a value's type with its import path, since other
// modules have messages of the same name. It marks nil pointers.
func TypeName(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return "nil"
	}
	prefix := ""
	if t.Kind() == reflect.Pointer {
		if reflect.ValueOf(v).IsNil() {
			prefix = "nil "
		}
		prefix, t = prefix+"*", t.Elem()
	}
	if t.PkgPath() == "" {
		return prefix + t.String()
	}
	return prefix + t.PkgPath() + "." + t.Name()
}
