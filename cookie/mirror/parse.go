package mirror

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-consent/segment/cookie"
)

var (
	errFormat  = fmt.Errorf("%w: a mirror without its six fields", cookie.ErrMalformed)
	errVersion = fmt.Errorf("%w: a mirror of another version", cookie.ErrMalformed)
	errTime    = fmt.Errorf("%w: a mirror without a time", cookie.ErrMalformed)
	errAnswer  = fmt.Errorf("%w: a mirror with an answer that is not 0 or 1", cookie.ErrMalformed)
	errNone    = fmt.Errorf("%w: a mirror without an answer", cookie.ErrMalformed)
)

// An Answer is the content of a mirror.
type Answer struct {
	From       string // the platform
	Given      time.Time
	Categories map[string]bool // by the platform's ids
	Vendors    map[string]bool // likewise
}

// Parse reads the value of the cookie, in time linear in its length. One that is not
// complete, of another version, without an answer, or with one that is neither 0 nor 1, is
// an error that wraps [cookie.ErrMalformed]. A repeated name is granted only if every
// entry says so.
func Parse(value string) (Answer, error) {
	version, rest, ok := strings.Cut(value, ":")
	fields := strings.SplitN(rest, ":", 6)
	switch {
	case ok && version != "1":
		return Answer{}, errVersion
	case len(fields) != 5 || fields[0] == "" || fields[4] != "":
		return Answer{}, errFormat
	}
	seconds, err := strconv.ParseUint(fields[1], 10, 40)
	if err != nil {
		return Answer{}, errTime
	}
	a := Answer{From: cookie.Unescape(fields[0]), Given: time.Unix(int64(seconds), 0)}
	var categories, vendors bool
	a.Categories, categories = parseList(fields[2])
	a.Vendors, vendors = parseList(fields[3])
	switch {
	case !categories || !vendors:
		return Answer{}, errAnswer
	case len(a.Categories)+len(a.Vendors) == 0:
		return Answer{}, errNone
	}
	return a, nil
}

func parseList(list string) (answers map[string]bool, ok bool) {
	answers = make(map[string]bool)
	if list == "" {
		return answers, true
	}
	for entry := range strings.SplitSeq(list, "&") {
		name, answer, _ := strings.Cut(entry, "=")
		if name == "" || answer != "0" && answer != "1" {
			return nil, false
		}
		name = cookie.Unescape(name)
		before, twice := answers[name]
		answers[name] = answer == "1" && (before || !twice)
	}
	return answers, true
}
