package middleware

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/caching"
	"github.com/go-consent/segment/internal/headers"
)

// Renew sets the visitor's own cookie again, from the server and in the same bytes. Safari
// keeps a cookie that a script wrote for seven days, and one that the site's server set for
// its full lifetime (https://webkit.org/tracking-prevention/). An answer, including a
// denial, then lasts as long as the site says, and no longer:
//
//	renew := middleware.Renew{Codec: codec}
//	http.ListenAndServe(addr, renew.Handler(read(mux)))
//
// A second cookie, which scripts cannot read, holds the days on which the answer was first
// seen and last set. The answer has the lifetime of the Codec, counted from the first of
// them, and is not renewed past its end. Another answer begins a new lifetime; the same one
// given again cannot be told from the first. The days are in UTC; the cookie says nothing
// else about a visitor.
//
// # Two copies
//
// A script whose cookie has another Domain, Path or Partitioned than the Codec writes keeps
// a copy beside the renewed one. Events follow what both grant, but the script reads the
// older one and may load what the visitor has denied since. If the second cookie shows that
// Renew was here, and several copies arrive, Renew merges them, at most once a day: it sets
// its own to what all of them grant, and expires the others, as [cookie.Codec.ForgetCopies]
// does. An answer that the script took and that grants more is then lost, so make sure that
// those three attributes agree. The others need not: a cookie with another SameSite or
// lifetime replaces the one before, and Renew sets those of the Codec.
//
// The zero Renew renews the cookie of the zero Codec, and may be used by many
// goroutines at once.
type Renew struct {
	// Codec is the one that the site reads the cookie with. The Domain, the Path and
	// Partitioned of its Template have to be those of the script, as they are by default.
	Codec cookie.Codec
}

// Handler returns a handler that sets what [Renew.Cookies] returns and then serves the
// request by next. Such a response is for one visitor, so it is marked by [Private] first;
// next must not let a shared cache store it. Nothing is set on a response that an outer
// handler has already marked for shared caches, by Cache-Control or by one of the headers
// that Private removes.
func (n Renew) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !caching.AllowsSharing(w.Header()) {
			if cookies := n.Cookies(r, time.Now()); len(cookies) > 0 {
				Private(w.Header())
				for _, c := range cookies {
					http.SetCookie(w, c)
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Cookies returns the cookies to set in the response to r. There are none unless r is the
// visitor's navigation of a window to a page, by GET, and for the rest of a day on which
// the cookie was set. Nor are there any if the cookie or its companion is malformed, if the
// companion is there twice, or the cookie without a companion, if the Codec would not write
// what the cookie holds, or if net/http would not write its bytes as they are.
func (n Renew) Cookies(r *http.Request, now time.Time) []*http.Cookie {
	if !isNavigation(r) {
		return nil
	}
	renewed, others, ok := n.read(r)
	if !ok {
		return nil
	}
	several := len(others) > 0 || len(cookie.Values(r, renewed.Name)) > 1
	today := dayOf(now)
	seen, ok := readSightings(r, renewed.Name+companionSuffix)
	switch answer := fingerprint(renewed.Value); {
	case !ok || seen.last > today || several && seen == sightings{}:
		return nil
	case seen == sightings{}:
		seen = sightings{first: today, answer: answer}
	case seen.last == today && seen.answer == answer:
		return nil
	case seen.answer != answer:
		seen.first, seen.answer = today, answer
	}
	setToday := seen.last == today && !several
	seen.last = today

	end := lifetimeEnd(renewed, seen.first, now)
	left := int(end.Sub(now) / time.Second)
	if left <= 0 {
		return nil
	}
	companion := *renewed
	companion.Name += companionSuffix
	companion.Value = seen.String()
	companion.HttpOnly = true
	// It outlives the answer, so that an old answer is not taken for a new one.
	companion.MaxAge, companion.Expires = left+secondsPerDay, end.AddDate(0, 0, 1)
	if setToday {
		return []*http.Cookie{&companion}
	}
	renewed.MaxAge, renewed.Expires = left, end
	return slices.Concat([]*http.Cookie{renewed, &companion}, others)
}

// read returns the visitor's cookie as the Codec would write it, but with the value that it
// has. If there are several copies, its value combines all of them, and others expires
// them.
func (n Renew) read(r *http.Request) (renewed *http.Cookie, others []*http.Cookie, ok bool) {
	state, err := n.Codec.Consent(r)
	if err != nil {
		return nil, nil, false
	}
	written := make(headers.Writer)
	if n.Codec.Write(written, r, state) != nil || n.Codec.ForgetCopies(written, r) != nil {
		return nil, nil, false
	}
	var set []*http.Cookie
	for _, line := range written.Header()["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			return nil, nil, false
		}
		c.Raw, c.Unparsed = "", nil
		set = append(set, c)
	}
	renewed, others = set[0], set[1:]
	values := cookie.Values(r, renewed.Name)
	for _, value := range values {
		if alone, err := cookie.Decode(value); err == nil && alone == state && !strings.ContainsFunc(value, rewritten) {
			renewed.Value = value
			return renewed, others, true
		}
	}
	return renewed, others, len(others) > 0 || len(values) > 1
}

// rewritten reports whether net/http would not write a cookie with r in its value as
// it is. The script leaves none of these unescaped.
func rewritten(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`",;\`, r) }

// lifetimeEnd returns when an answer that was first seen on that day expires.
func lifetimeEnd(written *http.Cookie, first int, now time.Time) time.Time {
	switch {
	case written.MaxAge > 0:
		return timeOf(first).Add(time.Duration(written.MaxAge) * time.Second)
	case written.MaxAge == 0:
		return written.Expires
	default:
		return now
	}
}

// isNavigation reports whether the visitor navigates a window to a page, and is not only
// fetching it in advance.
func isNavigation(r *http.Request) bool {
	return r != nil && r.Method == http.MethodGet && isTopLevel(r) && len(r.Header.Values("Sec-Purpose")) == 0
}
