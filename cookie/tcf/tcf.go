// Package tcf reads what a visitor answered from a TC string, the format of the
// IAB Transparency and Consent Framework, versions 2.0 to 2.3.
//
//	source := tcf.Source{
//		Purposes: map[int]string{1: "functional", 7: "advertising", 8: "analytics"},
//		Vendors:  map[int]string{755: "Google Ads"},
//	}
//
// [Source] reads the cookie of a request. [Parse] decodes a value alone, and
// [String] answers for everything that a TC string holds.
//
// # Which cookie
//
// The framework leaves storage to the consent platform. The name euconsent-v2,
// once of a cookie that platforms shared, stayed as a convention for a site's
// own: Didomi writes it among others. OneTrust writes eupubconsent-v2. A site
// whose platform keeps its own choices beside the TC string lists two Sources,
// one of this package and one of the platform's; together they deny what either
// denies. [Source.Decode] reads a TC string from anywhere else, such as the one
// before the "#" in AdRoll's cookie. Its CMP id is 0, and no list of CMP ids is
// asked here.
//
// # What counts as an answer
//
// A TC string is an answer, and what it does not grant is denied. A string whose
// bits are all zero is a visitor who refused, or a platform that wrote the string
// before the visitor chose: nothing tells the two apart, and both deny.
//
// Purposes are categories. A purpose is granted by consent alone, unless
// [Source].LegitimateInterest names it. Vendors are destinations where
// [Source].Vendors says so. They are granted by consent alone: a bit for
// legitimate interest is set without the visitor doing anything. Where the string
// lists the vendors that were disclosed to the visitor, a vendor that is not among
// them is denied.
//
// # Names
//
// A purpose is a category of its own number unless Purposes says otherwise. Those of the
// framework, in short:
//
//	purpose                                           category, for example
//	1   store or read information on the device       functional
//	2   choose advertising by limited data            advertising
//	3   make profiles for personalized advertising    advertising
//	4   choose advertising by such profiles           advertising
//	5   make profiles for personalized content        functional
//	6   choose content by such profiles               functional
//	7   measure advertising                           advertising
//	8   measure content                               analytics
//	9   understand audiences                          analytics
//	10  develop and improve services                  analytics
//	11  choose content by limited data                functional
//
// # Outdated answers
//
// A TC string says when it was updated, to the day, and under which policy and
// vendor list the visitor was asked. The fields of [Source] refuse what is too
// old, with [ErrOutdated]. Versions 2.0 to 2.3 have the same format, and a string
// does not say of which it is; the policy version does roughly: 4 came with 2.2,
// 5 with 2.3. TCF 2.3 requires the segment DisclosedVendors in every string
// created after 2026-02-28. One of policy 5 or later without it is cut off or
// wrong, and is malformed. One of an earlier policy comes from a platform that
// stayed behind; it is read unless RequireDisclosed is set.
//
// # What it cannot see
//
// A string says nothing about destinations that are no vendors of the framework,
// about what the platform asked outside it, nor whether the law of the framework
// applies to the visitor. Publisher restrictions concern pairs of a vendor and a
// purpose, which a State cannot hold: ask [String.PublisherRestriction]. A TC
// string is not signed, and the visitor can write what it says.
//
// # Sources
//
// The layout of the bits: IAB Tech Lab, "Transparency and Consent String with
// Global Vendor & CMP List Formats", "TC String Format". Legitimate interest for
// purposes 1 and 3 to 6: IAB Europe, "Transparency & Consent Framework Policies",
// Appendix A. Disclosed vendors: the same specification, "Disclosed Vendors", as
// of version 2.3. Where these leave something open, the decoder agrees with the
// IAB's own encoder and decoder in JavaScript, @iabtechlabtcf/core, or refuses
// what that accepts: ranges that run backwards or beyond the highest vendor id, a
// second segment of the same kind, and a core string that is not the first.
package tcf

import (
	"strings"

	"github.com/go-consent/segment/cookie"
)

// DefaultName is the name of the cookie unless [Source] has another.
const DefaultName = "euconsent-v2"

// ErrOutdated is the error of a TC string that a [Source] refuses for its age, its
// policy or its vendor list. It wraps [cookie.ErrMalformed]: what the visitor
// answered is not known.
var ErrOutdated error = fault("outdated answer")

// A fault is an error that wraps cookie.ErrMalformed. It never holds the value.
type fault string

func (f fault) Error() string { return "tcf: " + string(f) }

func (f fault) Unwrap() error { return cookie.ErrMalformed }

const (
	errTooLong     fault = "longer than a TC string can be"
	errEncoding    fault = "not base64url"
	errVersion     fault = "not version 2 of the format"
	errCut         fault = "cut off"
	errRange       fault = "a range of vendors that is none"
	errSegment     fault = "a segment of an unknown type"
	errTwice       fault = "two segments of one type"
	errUndisclosed fault = "no list of disclosed vendors"
)

// maxSize limits a TC string, in bytes, and with it the time to read one. Browsers
// keep cookies of up to 4096; publisher restrictions can make a string longer
// where it is stored elsewhere.
const maxSize = 1 << 16

// Parse decodes a TC string, which may be escaped as [cookie.Unescape] says. It fails
// with an error that wraps [cookie.ErrMalformed] unless the whole string can be read: every
// segment, each with all of its fields, and all of them of a kind that is known.
//
// Parse takes time linear in the length of the value, which may be 64 KiB at most,
// and allocates nothing unless there is something to unescape. The String refers to
// the bytes of the value.
func Parse(value string) (String, error) {
	if len(value) > maxSize {
		return String{}, errTooLong
	}
	core, rest, more := strings.Cut(cookie.Unescape(value), ".")
	s, err := parseCore(bits(core))
	for err == nil && more {
		var segment string
		segment, rest, more = strings.Cut(rest, ".")
		err = s.addSegment(bits(segment))
	}
	if err != nil {
		return String{}, err
	}
	return s, nil
}

// The types of the segments after the core string.
const (
	disclosedVendors = 1
	allowedVendors   = 2
	publisherTC      = 3

	typeBits = 3
)

// parseCore reads the core string, and that it is whole.
func parseCore(core bits) (s String, err error) {
	switch {
	case !core.valid():
		return s, errEncoding
	case core.number(atVersion, 6) != 2:
		return s, errVersion
	}
	s.core = core
	next := atVendors
	if s.consents, next, err = parseVendors(core, next); err != nil {
		return s, err
	}
	if s.interests, next, err = parseVendors(core, next); err != nil {
		return s, err
	}
	s.restrictions = next
	return s, checkRestrictions(core, next)
}

// addSegment reads a segment after the core string, and that it is whole.
func (s *String) addSegment(segment bits) (err error) {
	if !segment.valid() {
		return errEncoding
	}
	switch segment.number(0, typeBits) {
	case disclosedVendors:
		return s.disclosed.set(segment)
	case allowedVendors:
		return s.allowed.set(segment)
	case publisherTC:
		if s.publisher != "" {
			return errTwice
		}
		s.publisher = segment
		return checkPublisher(segment)
	default:
		return errSegment
	}
}
