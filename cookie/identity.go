package cookie

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The cookies in which analytics.js keeps the ids of a visitor.
const (
	anonymousIDName = "ajs_anonymous_id"
	userIDName      = "ajs_user_id"
)

// maxIDSize limits an id, in bytes. Those that analytics.js makes have 36.
const maxIDSize = 128

// AnonymousID returns the anonymous id under which analytics.js knows the visitor, from
// the cookie ajs_anonymous_id, or "" if there is none. With it, events of the server and
// of the browser belong to the same visitor at Segment.
//
// The value is read as analytics.js writes it: percent-encoded, and plain
// (analytics-next) or a JSON string (analytics.js-core before it). The result is also ""
// for a value that is not the percent-encoding of UTF-8, for an id of more than 128 bytes
// or with characters that do not print, for JSON other than a string or an integer that
// JavaScript would not round, and for several copies of the cookie that differ.
//
// The client can put anything into the cookie: use the id to group events, never as proof
// of identity. It identifies a person, so do not read it for an event that will be
// suppressed; see [consent.Client.Anonymous].
func AnonymousID(r *http.Request) string { return identity(r, anonymousIDName) }

// UserID returns the user id that analytics.js keeps in the cookie ajs_user_id, or "", by
// the same rules as [AnonymousID]. Anybody can put any id into a cookie: use it only to
// compare with the session, never instead of it.
func UserID(r *http.Request) string { return identity(r, userIDName) }

func identity(r *http.Request, name string) string {
	id, copies, wanted := "", 0, scriptTarget(name)
	for held, value := range Pairs(r) {
		if !wanted.matches(held) {
			continue
		}
		read := readID(value)
		if copies++; read == "" || copies > maxCopies || copies > 1 && read != id {
			return ""
		}
		id = read
	}
	return strings.Clone(id) // a message would keep the whole header in memory
}

// readID returns the id that the raw value of a cookie holds, or "".
func readID(value string) string {
	if len(value) > maxSize {
		return ""
	}
	text, err := url.PathUnescape(value)
	if err != nil {
		return ""
	}
	if id := textID(text); isID(id) {
		return id
	}
	return ""
}

// textID returns the id of a decoded value: analytics.js parses it as JSON, and takes a
// value that is not JSON as it is.
func textID(text string) string {
	if !json.Valid([]byte(text)) {
		if strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
			return "" // JSON cut short
		}
		return text
	}
	doc := bytes.TrimSpace([]byte(text))
	if doc[0] == '"' {
		var id string
		_ = json.Unmarshal(doc, &id) // it is valid
		return id
	}
	const maxSafe = 1<<53 - 1 // Number.MAX_SAFE_INTEGER
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxSafe || n < -maxSafe || strconv.FormatInt(n, 10) != text {
		return ""
	}
	return text
}

// isID reports whether id can be one. Bytes that are not UTF-8 read as U+FFFD. Scripts
// without an id write "undefined", which would merge many persons into one.
func isID(id string) bool {
	if len(id) > maxIDSize || id == "undefined" {
		return false
	}
	for _, r := range id {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
	}
	return strings.TrimSpace(id) != ""
}
