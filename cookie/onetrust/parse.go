package onetrust

import (
	"fmt"
	"strings"

	"github.com/go-consent/segment/cookie"
)

var (
	errClosed = fmt.Errorf("%w: OptanonAlertBoxClosed is empty, or has too many copies", cookie.ErrMalformed)
	errGroups = fmt.Errorf("%w: OptanonConsent has no groups", cookie.ErrMalformed)
	errTwice  = fmt.Errorf("%w: OptanonConsent has a list twice", cookie.ErrMalformed)
	errAnswer = fmt.Errorf("%w: OptanonConsent has an answer that is not 0 or 1", cookie.ErrMalformed)
)

// An Answer is the content of OptanonConsent. OptanonAlertBoxClosed says whether it is a
// visitor's.
type Answer struct {
	Groups            map[string]bool // by the id of a cookie group
	Vendors           map[string]bool // by the id of a host or general vendor
	AwaitingReconsent bool            // the banner is about to ask again
}

// Parse reads the value of OptanonConsent. Values that were decoded on the way, or encoded
// as a whole, are read too. One that has no group, has a list twice, or has an answer
// other than 0 and 1 is an error that wraps [cookie.ErrMalformed]: the cookie also holds
// the URL of a page, which must not become a list.
func Parse(value string) (Answer, error) {
	if !strings.Contains(value, "=") {
		value = cookie.Unescape(value)
	}
	a := Answer{Groups: make(map[string]bool), Vendors: make(map[string]bool)}
	seen := make(map[string]bool)
	for field := range strings.SplitSeq(value, "&") {
		key, list, _ := strings.Cut(field, "=")
		switch key {
		case "groups", "hosts", "genVendors", "AwaitingReconsent":
			if seen[key] {
				return Answer{}, errTwice
			}
			seen[key] = true
		}
		list = cookie.Unescape(strings.ReplaceAll(list, "+", " "))
		ok := true
		switch key {
		case "groups":
			ok = parseList(a.Groups, list)
		case "hosts", "genVendors":
			ok = parseList(a.Vendors, list)
		case "AwaitingReconsent":
			a.AwaitingReconsent = list != "false"
		}
		if !ok {
			return Answer{}, errAnswer
		}
	}
	if len(a.Groups) == 0 {
		return Answer{}, errGroups
	}
	return a, nil
}

// parseList adds the answers in a list such as "C0001:1,C0002:0". A repeated id is granted
// only if every entry says so.
func parseList(answers map[string]bool, list string) (ok bool) {
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		colon := strings.LastIndexByte(entry, ':')
		if colon < 1 || entry[colon:] != ":0" && entry[colon:] != ":1" {
			return false
		}
		id, granted := entry[:colon], entry[colon:] == ":1"
		before, twice := answers[id]
		answers[id] = granted && (before || !twice)
	}
	return true
}
