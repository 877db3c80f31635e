package didomi

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-consent/segment/cookie"
)

var (
	// ErrUnreadable is the error of an answer in a Didomi Consent String that cannot be read:
	// without the site's numbers, or in an unknown form.
	ErrUnreadable = fmt.Errorf("%w: an answer in a Didomi Consent String that cannot be read", cookie.ErrMalformed)

	errString = fmt.Errorf("%w: not a Didomi Consent String of version 2", cookie.ErrMalformed)
)

// ParseString reads a Didomi Consent String. purposes and vendors are the ids by their numbers;
// other numbers are left out. Without vendors, those in the string are ignored.
//
// A string that is not of version 2 is an error that wraps [cookie.ErrMalformed]; one without an
// answer for any of the numbers, or with an unknown form of list, is [ErrUnreadable]. Time and
// memory are linear in its length, and in that of the maps.
func ParseString(value string, purposes, vendors map[int]string) (Answer, error) {
	body, updated, err := parseHeader(value)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Updated: updated}
	consented, legitimate := body.list(), body.list()
	a.Purposes = answers(consented.named(purposes), legitimate.named(purposes))
	if len(vendors) > 0 {
		consented, legitimate = body.list(), body.list()
		a.Vendors = answers(consented.named(vendors), legitimate.named(vendors))
	}
	if body.failed || !a.answered() {
		return Answer{}, ErrUnreadable
	}
	return a, nil
}

// parseHeader reads the header before the lists: 6 bits of version, 128 of the user, 36 each of
// when the string was created and updated, in tenths of a second, 16 of the regulation, and
// whether a third date follows, when it was last synchronized. Device ids and a signature may
// follow the string after a "." or "~".
func parseHeader(value string) (body *bits, updated time.Time, err error) {
	value = cookie.Unescape(value)
	if end := strings.IndexAny(value, ".~"); end >= 0 {
		value = value[:end]
	}
	data, err := decodeBase64(value)
	if err != nil {
		return nil, time.Time{}, errString
	}
	b := &bits{data: data}
	version := b.read(6)
	b.skip(128)
	created, written := b.read(36), b.read(36)
	b.skip(16)
	if b.flag() && b.read(36) < created { // not a date
		b.failed = true
	}
	if b.failed || version != 2 {
		return nil, time.Time{}, errString
	}
	return b, time.UnixMilli(written * 100), nil
}

// A list has the answers for some numbers, in their order.
type list []numbers

type numbers struct {
	first, last int
	granted     bool
}

// named returns the answers of a list for the ids of these numbers.
func (l list) named(ids map[int]string) (named lists) {
	for number, id := range ids {
		i, ok := slices.BinarySearchFunc(l, number, func(n numbers, number int) int {
			switch {
			case n.last < number:
				return -1
			case n.first > number:
				return 1
			default:
				return 0
			}
		})
		switch {
		case !ok:
		case l[i].granted:
			named.Enabled = append(named.Enabled, id)
		default:
			named.Disabled = append(named.Disabled, id)
		}
	}
	return named
}
