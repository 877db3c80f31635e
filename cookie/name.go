package cookie

import "strings"

// A target is the name of the cookies to look for.
type target struct {
	name string
	raw  bool // compare the bytes in the header; js-cookie decodes them first
}

// matches reports whether the raw name of a cookie is the target.
func (t target) matches(raw string) bool {
	if t.raw || strings.IndexByte(raw, '%') < 0 {
		return raw == t.name
	}
	if len(raw) > 3*len(t.name) {
		return false // too long even if every byte is escaped
	}
	decoded, ok := percentDecode(nil, raw)
	return ok && string(decoded) == t.name
}

// scriptTarget is the target of a cookie that js-cookie reads. A browser lets only the
// host itself set a cookie whose name has one of the prefixes of RFC 6265bis, section
// 4.1.3. It checks the raw bytes, and so must a reader: any other host of the site can
// set "%5F_Host-name", which decodes to the protected name.
func scriptTarget(name string) target {
	if protected(name) {
		return target{string(percentEncode(nil, name, nameRaw)), true}
	}
	return target{name, false}
}

// protected reports whether browsers protect the cookies of that name.
func protected(name string) bool {
	return hasPrefixFold(name, "__Host-") || hasPrefixFold(name, "__Secure-")
}

// hasPrefixFold is like strings.HasPrefix, in any casing: browsers look for the
// prefixes of cookie names that way.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
