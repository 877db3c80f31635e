package tcf_test

import (
	"regexp"
	"strconv"
	"strings"
)

// An oracle reads a TC string in another, slower way: it writes out every bit, takes the fields
// off the front one after the other, and keeps what it read in maps and lists.
type oracle struct {
	bits    string
	missing bool // something was taken that was not there

	numbers              map[string]int
	fields               map[string]string
	vendors              map[string][][2]int
	restrictions         map[[2]int][][2]int // by purpose and type
	disclosed, published bool
}

var base64url = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// read reads a whole TC string without escapes, and reports whether it is one.
func (o *oracle) read(value string) bool {
	segments := strings.Split(value, ".")
	*o = oracle{
		numbers: map[string]int{}, fields: map[string]string{},
		vendors: map[string][][2]int{}, restrictions: map[[2]int][][2]int{},
	}
	for i, segment := range segments {
		if !base64url.MatchString(segment) {
			return false
		}
		var bits strings.Builder
		for _, c := range []byte(segment) {
			v := strconv.FormatInt(int64(strings.IndexByte(digits, c)), 2)
			bits.WriteString("000000"[len(v):] + v)
		}
		o.bits = bits.String()
		if i == 0 && !o.core() || i > 0 && !o.segment() || o.missing {
			return false
		}
	}
	return true
}

func (o *oracle) take(n int) string {
	if len(o.bits) < n {
		o.missing, o.bits = true, ""
		return ""
	}
	taken := o.bits[:n]
	o.bits = o.bits[n:]
	return taken
}

func (o *oracle) number(n int) int {
	v, _ := strconv.ParseInt("0"+o.take(n), 2, 64)
	return int(v)
}

func (o *oracle) core() bool {
	if o.number(6) != 2 {
		return false
	}
	for _, f := range []struct {
		name string
		size int
	}{
		{"created", 36}, {"updated", 36}, {"cmp", 12}, {"cmpVersion", 12}, {"screen", 6}, {"language", 12},
		{"list", 12}, {"policy", 6}, {"specific", 1}, {"texts", 1},
	} {
		o.numbers[f.name] = o.number(f.size)
	}
	o.fields["features"], o.fields["purposes"], o.fields["interests"] = o.take(12), o.take(24), o.take(24)
	o.numbers["one"], o.numbers["country"] = o.number(1), o.number(12)
	if !o.set("consents") || !o.set("vendorInterests") {
		return false
	}
	for range o.number(12) {
		key := [2]int{o.number(6), o.number(2)}
		ranges, ok := o.ranges(65535)
		if !ok {
			return false
		}
		o.restrictions[key] = append(o.restrictions[key], ranges...)
	}
	return true
}

func (o *oracle) segment() bool {
	switch o.number(3) {
	case 1:
		o.disclosed = true
		return o.set("disclosed")
	case 2:
		return o.set("allowed")
	case 3:
		if o.published {
			return false
		}
		o.published = true
		o.fields["publisher"], o.fields["publisherInterests"] = o.take(24), o.take(24)
		customs := o.number(6)
		o.fields["custom"], o.fields["customInterests"] = o.take(customs), o.take(customs)
		return true
	default:
		return false
	}
}

// set reads a set of vendors, whose name must be new.
func (o *oracle) set(name string) bool {
	if _, twice := o.vendors[name]; twice {
		return false
	}
	highest := o.number(16)
	if o.number(1) == 1 {
		ranges, ok := o.ranges(highest)
		o.vendors[name] = ranges
		return ok
	}
	o.vendors[name] = nil
	o.fields[name] = o.take(highest)
	return true
}

func (o *oracle) ranges(highest int) (ranges [][2]int, ok bool) {
	for range o.number(12) {
		isRange := o.number(1) == 1
		first := o.number(16)
		last := first
		if isRange {
			last = o.number(16)
		}
		if o.missing || first == 0 || last < first || last > highest {
			return nil, false
		}
		ranges = append(ranges, [2]int{first, last})
	}
	return ranges, true
}

func (o *oracle) vendor(name string, id int) bool {
	return o.field(name, id) || within(o.vendors[name], id)
}

func within(ranges [][2]int, id int) bool {
	for _, r := range ranges {
		if r[0] <= id && id <= r[1] {
			return true
		}
	}
	return false
}

func (o *oracle) field(name string, id int) bool {
	field := o.fields[name]
	return 1 <= id && id <= len(field) && field[id-1] == '1'
}
