package middleware

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// A Signal reads what the browser says by itself, without asking the visitor. It is not
// an answer: only its denials count, and they count on top of everything else. It is
// called from many goroutines at once and must not change the request.
type Signal func(*http.Request) consent.State

// The headers, as net/http spells them.
const (
	gpcHeader = "Sec-Gpc"
	dntHeader = "Dnt"
)

// GPC returns a Signal for Global Privacy Control (W3C, https://www.w3.org/TR/gpc/): a
// request with the header "Sec-GPC: 1" denies the given categories. Any other value of
// the header is ignored; of several header lines, one exact "1" is enough.
//
// Without categories it denies everything, and so it does if one of them is "", which no
// policy would know. Laws differ in what the signal has to stop (the sale or sharing of
// data, targeted advertising).
func GPC(categories ...string) Signal {
	return denyIf(gpcSignalled, categories)
}

func gpcSignalled(r *http.Request) bool { return slices.Contains(r.Header[gpcHeader], "1") }

// DNT returns a Signal for Do Not Track (W3C, https://www.w3.org/TR/tracking-dnt/): a
// request with a header "DNT" that begins with 1, whatever extension follows, denies the
// given categories, and everything without categories, as [GPC] does. A 0, which means
// that tracking is fine, is ignored: a Signal never grants.
//
// Do Not Track is abandoned as a standard, browsers are dropping it, and some sent it by
// default. Few laws require it. It is here for sites that have promised to honor it; use
// [GPC] for what the law requires.
func DNT(categories ...string) Signal {
	return denyIf(func(r *http.Request) bool {
		return slices.ContainsFunc(r.Header[dntHeader], func(value string) bool { return strings.HasPrefix(value, "1") })
	}, categories)
}

// denyIf returns a Signal that denies the categories if the request signals it.
func denyIf(signalled func(*http.Request) bool, categories []string) Signal {
	denied := denial(categories)
	return func(r *http.Request) consent.State {
		switch {
		case r == nil:
			return consent.All(consent.Denied)
		case signalled(r):
			return denied
		default:
			return consent.NewState(nil)
		}
	}
}

// denial denies the categories, or everything if there is none, or one that no policy
// would know.
func denial(categories []string) consent.State {
	if len(categories) == 0 || slices.Contains(categories, "") {
		return consent.All(consent.Denied)
	}
	answers := make(map[string]bool, len(categories))
	for _, category := range categories {
		answers[category] = false
	}
	return consent.NewState(answers)
}
