package cookiebot

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-consent/segment/cookie"
)

var (
	errObject     = fmt.Errorf("%w: CookieConsent is not an object", cookie.ErrMalformed)
	errCategories = fmt.Errorf("%w: CookieConsent has no category", cookie.ErrMalformed)
	errAnswer     = fmt.Errorf("%w: CookieConsent has an answer that is not true or false", cookie.ErrMalformed)
)

// An Answer is the content of the cookie.
type Answer struct {
	Categories map[string]bool // by the names necessary, preferences, statistics and marketing
	Implied    bool            // the visitor was not asked
	Version    int             // of the consent, or 0
	Given      time.Time       // or the zero Time
	TCString   string          // of the IAB's framework, if the site uses it
}

// Parse reads the value of the cookie, in each of its encodings. A value that is not -1,
// 0 or an object with a category, or in which a category is neither true nor false, is an
// error that wraps [cookie.ErrMalformed].
func Parse(value string) (Answer, error) {
	value = cookie.Unescape(value)
	switch value {
	case "-1":
		return Answer{Implied: true}, nil
	case "0":
		return Answer{Categories: map[string]bool{
			"necessary": true, "preferences": false, "statistics": false, "marketing": false,
		}}, nil
	}
	if len(value) < 2 || value[0] != '{' || value[len(value)-1] != '}' {
		return Answer{}, errObject
	}
	a := Answer{Categories: make(map[string]bool)}
	for members := value[1 : len(value)-1]; members != ""; {
		key, member, rest, ok := next(members)
		if !ok {
			return Answer{}, errObject
		}
		if !a.set(key, member) {
			return Answer{}, errAnswer
		}
		members = rest
	}
	if len(a.Categories) == 0 {
		return Answer{}, errCategories
	}
	return a, nil
}

// next cuts off the first member of an object. A string is in single quotes and has no
// escape; anything else is a word.
func next(members string) (key, value, rest string, ok bool) {
	key, members, ok = strings.Cut(members, ":")
	if !ok {
		return "", "", "", false
	}
	if quoted, isString := strings.CutPrefix(members, "'"); isString {
		value, rest, ok = strings.Cut(quoted, "'")
		if ok && rest != "" {
			rest, ok = strings.CutPrefix(rest, ",")
		}
	} else {
		value, rest, _ = strings.Cut(members, ",")
	}
	return strings.TrimSpace(key), strings.TrimSpace(value), rest, ok
}

// set reads one member, and reports whether it can have that value. A repeated category
// is granted only if every entry says so.
func (a *Answer) set(key, value string) (ok bool) {
	switch key {
	case "necessary", "preferences", "statistics", "marketing":
		before, twice := a.Categories[key]
		a.Categories[key] = value == "true" && (before || !twice)
		return value == "true" || value == "false"
	case "stamp":
		a.Implied = a.Implied || value == "-1"
	case "method":
		a.Implied = a.Implied || value == "implied"
	case "ver":
		a.Version, _ = strconv.Atoi(value)
	case "utc":
		if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
			a.Given = time.UnixMilli(ms)
		}
	case "iab2":
		a.TCString = value
	}
	return true
}
