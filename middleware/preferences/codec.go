package preferences

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/headers"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/nils"
)

// A Codec reads and writes the cookie that holds the visitor's answer. [cookie.Codec] is the
// one of the Consent Manager; the Source of package cookie/custom is one for a site's own
// banner. All methods are called from many goroutines at once.
//
// Before it sends an answer, a Handler reads it back as it would arrive with the next
// request. So Consent has to read what Write sets, from the cookies of that response alone.
type Codec interface {
	// Consent returns the answer in the request's cookie, as a Source of package
	// middleware does.
	Consent(r *http.Request) (consent.State, error)

	// Write sets the cookie that holds s, the answer first if there are several cookies, each
	// of another name. It returns an error if the cookie cannot hold all that s denies, or if browsers would
	// refuse it.
	Write(w http.ResponseWriter, r *http.Request, s consent.State) error

	// ForgetCopies expires copies in r beside the cookie that Write sets, which browsers
	// would otherwise keep sending, as [cookie.UnsetCopies] does.
	ForgetCopies(w http.ResponseWriter, r *http.Request) error

	// Forget expires what Write sets, and its copies, as [cookie.Unset] does.
	Forget(w http.ResponseWriter, r *http.Request) error
}

func (h Handler) codec() Codec {
	if nils.Is(h.Codec) {
		return cookie.Codec{}
	}
	return h.Codec
}

// A kept answer is what a browser stores of an answer.
type kept struct {
	lines []string     // of Set-Cookie
	set   *http.Cookie // the first of them
	state consent.State
}

// keep returns what a browser stores of state, or why it would not store it.
func (h Handler) keep(public *http.Request, state consent.State, known vocabulary) (kept, error) {
	written := make(headers.Writer)
	if err := h.codec().Write(written, public, state); err != nil {
		return kept{}, err
	}
	k := kept{lines: written.Header().Values("Set-Cookie")}
	if len(k.lines) == 0 {
		return kept{}, fmt.Errorf("%w: it sets no cookie", ErrCodec)
	}
	var err error
	if k.set, err = http.ParseSetCookie(k.lines[0]); err != nil {
		return kept{}, fmt.Errorf("%w: %w", ErrCodec, err)
	}
	next := *public
	next.Header = make(http.Header)
	names := make(map[string]bool)
	for _, line := range k.lines {
		pair, _, _ := strings.Cut(line, ";")
		name, _, _ := strings.Cut(pair, "=")
		if names[name] { // the browser keeps the last of them
			return kept{}, fmt.Errorf("%w: it sets a cookie twice", ErrCodec)
		}
		names[name] = true
		next.Header.Add("Cookie", pair)
	}
	if k.state, err = h.codec().Consent(&next); err != nil {
		return kept{}, fmt.Errorf("%w: %w", ErrCodec, err)
	}
	if !h.holds(k.state, state, known) {
		return kept{}, fmt.Errorf("%w: it reads another answer", ErrCodec)
	}
	return k, nil
}

// holds reports whether the State read is the State written: the same denials, and the same
// grants of names that the policy knows. A Codec with a list of categories may deny those
// that were left out.
func (h Handler) holds(read, written consent.State, known vocabulary) bool {
	if read.Rest() != consent.Unknown || read.AskedByDestination() != written.AskedByDestination() {
		return false
	}
	isKnown := func(name string) bool { return known.folded[names.Fold(name)] }
	section := func(read, written map[string]bool) bool {
		for name, granted := range written {
			kept, ok := read[name]
			if !granted && (!ok || kept) || granted && !kept && isKnown(name) {
				return false
			}
		}
		for name, granted := range read {
			if granted && !written[name] {
				return false
			}
		}
		return true
	}
	return section(maps.Collect(read.Categories()), maps.Collect(written.Categories())) &&
		section(maps.Collect(read.Destinations()), maps.Collect(written.Destinations())) &&
		!opensMore(h.Policy.Decide(written), h.Policy.Decide(read))
}

// sample returns the visitor's cookie as the Codec sets it for some answer, and whether it
// holds only category answers; or why the Codec can write no cookie at all.
func (h Handler) sample(public *http.Request, known vocabulary) (set *http.Cookie, byCategory bool, err error) {
	categories, destinations := make(map[string]bool), map[string]bool{"Segment": false}
	for _, name := range known.policy[:min(1, len(known.policy))] {
		categories[name] = false
	}
	for _, name := range known.listed[:min(1, len(known.listed))] {
		destinations = map[string]bool{name: false}
	}
	state := consent.NewState(categories)
	k, err := h.keep(public, state.WithDestinations(destinations), known)
	if err != nil && len(categories) > 0 {
		byCategory = true
		k, err = h.keep(public, state, known)
	}
	return k.set, byCategory, err
}
