package middleware

import (
	"net/http"
	"slices"

	"github.com/go-consent/segment/consent"
)

// A Signal reads what the browser says without the visitor having been asked. It
// is not an answer: only its denials count, and they count on top of everything
// else. It is called from many goroutines at once and must not change the request.
type Signal func(*http.Request) consent.State

const gpcHeader = "Sec-Gpc" // as net/http spells it

// GPC returns a Signal for Global Privacy Control (W3C, https://www.w3.org/TR/gpc/):
// a request with the header "Sec-GPC: 1" denies the given categories. Any other
// value of the header says nothing; of several header lines, one exact "1" is enough.
//
// Without categories it denies everything, and so it does if one of them is "",
// which no policy would know. What the signal has to stop (the sale or sharing of
// data, targeted advertising) differs between laws.
func GPC(categories ...string) Signal {
	denied := consent.All(consent.Denied)
	if len(categories) > 0 && !slices.Contains(categories, "") {
		answers := make(map[string]bool, len(categories))
		for _, category := range categories {
			answers[category] = false
		}
		denied = consent.NewState(answers)
	}
	return func(r *http.Request) consent.State {
		switch {
		case r == nil:
			return consent.All(consent.Denied)
		case slices.Contains(r.Header[gpcHeader], "1"):
			return denied
		default:
			return consent.NewState(nil)
		}
	}
}
