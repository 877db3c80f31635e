package preferences

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// companionSuffix is added to the name of the visitor's cookie.
const companionSuffix = "-denied"

// maxCompanion limits the value of the companion cookie, in bytes.
const maxCompanion = 1 << 10

// denials are the destinations that the visitor denied by name. The visitor's cookie
// alone cannot tell them from those that were denied for their categories. A companion
// cookie does, for example
//
//	1.9ae16a3b2f90404f.0Fx3aa9QkZ_b
//
// It has a version, a hash of the answer that it was written with, and six characters for
// each destination, in order. If it is missing, or belongs to another answer, every denial
// is taken for one by name. So a forged one can only keep destinations denied, or let the
// visitor's next grant allow them.
type denials struct {
	all    bool            // every denial is by name
	hashes map[string]bool // of the destinations
}

// readDenials returns the denials by name in held, according to the companion cookie of
// that name.
func readDenials(r *http.Request, name string, held consent.State) denials {
	unread := held.Rest() == consent.Denied // there is nothing to compare with
	values := cookie.Values(r, name)
	if len(values) != 1 {
		return denials{all: !unread}
	}
	answer, hashes, ok := parseCompanion(values[0])
	if !ok {
		return denials{all: !unread}
	}
	return denials{all: !unread && answer != fingerprint(held), hashes: hashes}
}

func parseCompanion(value string) (answer string, hashes map[string]bool, ok bool) {
	version, value, _ := strings.Cut(value, ".")
	answer, list, found := strings.Cut(value, ".")
	if version != "1" || !found || len(value) > maxCompanion || len(answer) != 16 || len(list)%hashSize != 0 {
		return "", nil, false
	}
	hashes = make(map[string]bool)
	before := ""
	for ; list != ""; list = list[hashSize:] {
		hash := list[:hashSize]
		if hash <= before {
			return "", nil, false
		}
		hashes[hash], before = true, hash
	}
	return answer, hashes, true
}

// has reports whether the visitor, who answered held, denied a destination by one of its
// names. The first is the destination's own name.
func (d denials) has(names []string, held consent.State) bool {
	granted := false
	for _, name := range names {
		switch held.Destination(name) {
		case consent.Denied:
			return d.all || d.hashes[hashOf(names[0])]
		case consent.Granted:
			granted = true
		}
	}
	return !granted && d.hashes[hashOf(names[0])] // it had no room in the cookie
}

// after returns the denials by name of the State after a change.
func (c change) after(state consent.State) denials {
	hashes := make(map[string]bool)
	answered := c.byEveryName(c.known)
	for _, primary := range c.known.listed {
		granted, named := answered[primary]
		if state.Destination(primary) == consent.Granted || granted {
			continue
		}
		if named || c.byName.has(c.known.destinations[primary], c.held) {
			hashes[hashOf(primary)] = true
		}
	}
	return denials{hashes: hashes}
}

// value returns the value of the companion cookie for state, or false if it is too long.
func (d denials) value(state consent.State) (string, bool) {
	var list []string
	for hash := range d.hashes {
		list = append(list, hash)
	}
	slices.Sort(list)
	value := "1." + fingerprint(state) + "." + strings.Join(list, "")
	return value, len(value) <= maxCompanion
}

const hashSize = 6 // characters

// hashOf returns 36 bits that stand for a destination. On a collision, the other
// destination stays denied too.
func hashOf(name string) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, sum(name)))[:hashSize]
}

func fingerprint(s consent.State) string { return fmt.Sprintf("%016x", sum(s.String())) }

func sum(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
