package consenttest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// A Site is what the Consent Manager of a web site asks its visitors.
type Site struct {
	// Categories lists the destinations of each category, as the Config of the
	// destinations package does. Without any, they are the three of the Consent
	// Manager, with no destination: it then asks by category alone.
	Categories map[string][]string
}

// A Visitor comes to a Site. It is given in two forms: as the State that a reader should get by the
// rules of the cookie package, and as the request that a server receives.
type Visitor struct {
	Name string

	// State is what the cookies of the visitor say. It does not include the signals of the
	// browser, the headers Sec-GPC and DNT, which the site has to interpret.
	State consent.State

	header [][2]string
}

// Request returns a new request of the visitor, with the fields that a server sets, and no
// others. The target is a path, with a query if there is one. The body may be nil. Like
// [httptest.NewRequest], it panics if the arguments do not make a request.
func (v Visitor) Request(method, target string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, target, body)
	for _, h := range v.header {
		r.Header.Add(h[0], h[1])
	}
	return r
}

const cookieName = "tracking-preferences"

// Visitors returns one visitor for each way in which the cookie of the Consent Manager
// is known to reach a server, in an order that stays the same. What is malformed, duplicated
// too often or too large counts as a denial. Their names, and what they are:
//
//	never asked                            no cookie at all
//	never asked, other cookies             cookies, but none with an answer
//	accepted all                           every category and destination granted
//	rejected all                           every category and destination denied
//	accepted only <category>               that category, and no other; for each if there are two or more
//	rejected only <category>               all but that category; for each if there are three or more
//	withdrew                               rejected all, with ids of the time before
//	accepted all, among other cookies      the answer is between other cookies
//	accepted all, cookies in two headers   as HTTP/2 may send them
//	GPC, never asked                       the header Sec-GPC: 1, and no cookie
//	GPC, accepted all                      the header Sec-GPC: 1, and an answer
//	DNT, never asked                       the header DNT: 1, and no cookie
//	DNT, accepted all                      the header DNT: 1, and an answer
//	malformed: truncated                   the end of the cookie is missing
//	malformed: not JSON                    a plain word
//	malformed: text after the JSON         one letter too many
//	malformed: in quotes                   quotes about the value
//	malformed: lower-case escapes          escapes that js-cookie does not read
//	malformed: escaped twice               a proxy, or a script, escaped it again
//	malformed beside a good one            two cookies of the name, one of them unreadable
//	duplicated: they agree                 two cookies that grant the same
//	duplicated: they contradict            two cookies, where the denials of either count
//	duplicated: too often                  nine cookies of the name
//	oversize                               more than 4096 bytes
//	older: destinations without categories the cookie of the releases before 0.3
//	older: no destination saved            categories granted, "destinations":{}
//	older: written by a server             other characters are escaped
//	older: plain JSON                      hardly anything is escaped
//	another platform                       the cookies of OneTrust alone, which this site does not read
//	rejected all, beside another platform  a denial, and the cookies of OneTrust
func (s Site) Visitors() []Visitor {
	if len(s.Categories) == 0 {
		s.Categories = map[string][]string{"advertising": nil, "functional": nil, "marketingAndAnalytics": nil}
	}
	accepted, acceptedAll := s.answered(func(string) bool { return true })
	rejected, rejectedAll := s.answered(func(string) bool { return false })
	const session = "session=3f1b; theme=dark"
	const optanon = "OptanonConsent=isGpcEnabled=0&version=202512.1.0&interactionCount=1&groups=C0001%3A1%2CC0002%3A1%2CC0004%3A1; " +
		"OptanonAlertBoxClosed=2026-01-22T07:26:40.000Z"
	unread := consent.All(consent.Denied)

	visitors := []Visitor{
		visitor("never asked", consent.NewState(nil)),
		visitor("never asked, other cookies", consent.NewState(nil), "Cookie", session),
		visitor("accepted all", acceptedAll, "Cookie", accepted.cookie()),
		visitor("rejected all", rejectedAll, "Cookie", rejected.cookie()),
	}
	visitors = append(visitors, s.mixed()...)
	return append(visitors,
		visitor("withdrew", rejectedAll, "Cookie", "ajs_user_id=u-1; ajs_anonymous_id=v-1; "+rejected.cookie()),
		visitor("accepted all, among other cookies", acceptedAll, "Cookie", session+"; "+accepted.cookie()+"; a=b"),
		visitor("accepted all, cookies in two headers", acceptedAll, "Cookie", session, "Cookie", accepted.cookie()),

		visitor("GPC, never asked", consent.NewState(nil), "Sec-GPC", "1"),
		visitor("GPC, accepted all", acceptedAll, "Sec-GPC", "1", "Cookie", accepted.cookie()),
		visitor("DNT, never asked", consent.NewState(nil), "DNT", "1"),
		visitor("DNT, accepted all", acceptedAll, "DNT", "1", "Cookie", accepted.cookie()),

		visitor("malformed: truncated", unread, "Cookie", strings.TrimSuffix(accepted.cookie(), "}")),
		visitor("malformed: not JSON", unread, "Cookie", cookieName+"=yes"),
		visitor("malformed: text after the JSON", unread, "Cookie", accepted.cookie()+"x"),
		visitor("malformed: in quotes", unread, "Cookie", cookieName+`="`+accepted.value()+`"`),
		visitor("malformed: lower-case escapes", unread, "Cookie", cookieName+"="+strings.ReplaceAll(accepted.value(), "%2C", "%2c")),
		visitor("malformed: escaped twice", unread, "Cookie", cookieName+"="+strings.ReplaceAll(accepted.value(), "%", "%25")),
		visitor("malformed beside a good one", unread, "Cookie", accepted.cookie()+"; "+cookieName+"={"),
		visitor("duplicated: they agree", acceptedAll, "Cookie", accepted.cookie()+"; "+accepted.cookie()),
		visitor("duplicated: they contradict", rejectedAll, "Cookie", accepted.cookie()+"; "+rejected.cookie()),
		visitor("duplicated: too often", unread, "Cookie", strings.Repeat(accepted.cookie()+"; ", 8)+accepted.cookie()),
		visitor("oversize", unread, "Cookie", accepted.cookie()+strings.Repeat("%20", 1400)),

		visitor("older: destinations without categories", s.destinationsOnly(), "Cookie", accepted.version02().cookie()),
		visitor("older: no destination saved", acceptedAll.WithDestinations(map[string]bool{}), "Cookie", accepted.withoutDestinations().cookie()),
		visitor("older: written by a server", acceptedAll, "Cookie", cookieName+"="+escape(accepted.json(), "!'()*-._~")),
		visitor("older: plain JSON", acceptedAll, "Cookie", cookieName+"="+escape(accepted.json(), `!#$&'()*+,-./:<=>?@[]^_{|}~ "`)),
		visitor("another platform", consent.NewState(nil), "Cookie", optanon),
		visitor("rejected all, beside another platform", rejectedAll, "Cookie", optanon+"; "+rejected.cookie()),
	)
}

func visitor(name string, s consent.State, header ...string) Visitor {
	v := Visitor{Name: name, State: s}
	for h := range slices.Chunk(header, 2) {
		v.header = append(v.header, [2]string{h[0], h[1]})
	}
	return v
}

// mixed returns the visitors who accept one category, or reject one.
func (s Site) mixed() []Visitor {
	names := slices.Sorted(maps.Keys(s.Categories))
	var visitors []Visitor
	add := func(name string, granted func(string) bool) {
		preferences, state := s.answered(granted)
		visitors = append(visitors, visitor(name, state, "Cookie", preferences.cookie()))
	}
	for _, name := range names {
		if len(names) > 1 {
			add("accepted only "+name, func(n string) bool { return n == name })
		}
	}
	for _, name := range names {
		if len(names) > 2 {
			add("rejected only "+name, func(n string) bool { return n != name })
		}
	}
	return visitors
}

// answered returns what the Consent Manager saves, and the State that this is. It
// offers a destination of several categories to those who accept them all.
func (s Site) answered(granted func(category string) bool) (preferences, consent.State) {
	p := preferences{custom: make(map[string]bool)}
	for category, members := range s.Categories {
		p.custom[category] = granted(category)
		for _, name := range members {
			if p.destinations == nil {
				p.destinations = make(map[string]bool)
			}
			others, seen := p.destinations[name]
			p.destinations[name] = granted(category) && (others || !seen)
		}
	}
	return p, consent.NewState(p.custom).WithDestinations(p.destinations)
}

// destinationsOnly is the State of the cookie that the first releases wrote.
func (s Site) destinationsOnly() consent.State {
	accepted, _ := s.answered(func(string) bool { return true })
	return consent.NewState(nil).WithDestinations(accepted.version02().destinations)
}
