// Package tcf reads what a visitor answered from a TC string, the format of the
// IAB Transparency and Consent Framework, versions 2.0 to 2.3.
//
//	source := tcf.Source{
//		Purposes: map[int]string{1: "functional", 7: "advertising", 8: "analytics"},
//		Vendors:  map[int]string{755: "Google Ads"},
//	}
//
// [Source] reads the cookie of a request. [Parse] decodes a value, and [String] returns
// everything that a TC string holds.
//
// # Which cookie
//
// The framework leaves storage to the consent platform. The name euconsent-v2, once that of
// a cookie shared by all platforms, is now a convention for a site's own cookie: Didomi and
// others write it. OneTrust writes eupubconsent-v2. A site whose platform stores more
// choices besides the TC string lists two Sources, one of this package and one for the
// platform; together they deny what either denies. [Source.Decode] reads a TC string from
// anywhere else, such as the one before the "#" in AdRoll's cookie. Its CMP id is 0; CMP
// ids are not checked here.
//
// # What counts as an answer
//
// A TC string is an answer, and what it does not grant is denied. A string whose bits are
// all zero comes from a visitor who refused, or from a platform that wrote it before the
// visitor chose: the two cannot be told apart, and both deny.
//
// Purposes are categories. A purpose is granted only by consent, unless
// [Source].LegitimateInterest lists it. Vendors are destinations if [Source].Vendors says
// so. They are granted only by consent: a bit for legitimate interest is set without the
// visitor doing anything. If the string lists the vendors that were disclosed to the
// visitor, a vendor that is not among them is denied.
//
// # Names
//
// A purpose is a category named by its number unless Purposes says otherwise. Those of the
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
// A TC string says when it was updated, to the day, and under which policy and vendor list
// the visitor was asked. The fields of [Source] refuse what is too old, with [ErrOutdated].
// Versions 2.0 to 2.3 have the same format, and a string does not say which it is; the
// policy version does roughly: 4 came with 2.2, 5 with 2.3. TCF 2.3 requires the segment
// DisclosedVendors in every string created after 2026-02-28. One of policy 5 or later
// without it is truncated or wrong, and is malformed. One of an earlier policy comes from a
// platform that was not updated; it is read unless RequireDisclosed is set.
//
// # What it cannot see
//
// A string says nothing about destinations that are not vendors of the framework, about
// what the platform asked outside it, or about whether its law applies to the visitor.
// Publisher restrictions concern pairs of a vendor and a purpose, which a State cannot
// hold: ask [String.PublisherRestriction]. A TC string is not signed, and the visitor can
// write what it says.
//
// # Sources
//
// The layout of the bits: IAB Tech Lab, "Transparency and Consent String with Global Vendor
// & CMP List Formats", "TC String Format". Legitimate interest for purposes 1 and 3 to 6:
// IAB Europe, "Transparency & Consent Framework Policies", Appendix A. Disclosed vendors:
// the same specification, "Disclosed Vendors", as of version 2.3. Where these are unclear,
// the decoder agrees with the IAB's own encoder and decoder in JavaScript,
// @iabtechlabtcf/core, or refuses what that accepts: ranges that run backwards or beyond
// the highest vendor id, a second segment of the same kind, and a core string that is not
// the first.
package tcf

import (
	"strings"

	"github.com/go-consent/segment/cookie"
)

// DefaultName is the name of the cookie unless [Source] has another.
const DefaultName = "euconsent-v2"

// ErrOutdated is the error of a TC string that a [Source] refuses for its age, its policy
// or its vendor list. It wraps [cookie.ErrMalformed]: the visitor's current answer is not
// known.
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
	errRange       fault = "an invalid range of vendors"
	errSegment     fault = "a segment of an unknown type"
	errTwice       fault = "two segments of one type"
	errUndisclosed fault = "no list of disclosed vendors"
)

// maxSize limits a TC string, in bytes, and with it the time to read one. Browsers
// keep cookies of up to 4096; publisher restrictions can make a string longer
// where it is stored elsewhere.
const maxSize = 1 << 16

// Parse decodes a TC string, which may be escaped as [cookie.Unescape] says. It fails with
// an error that wraps [cookie.ErrMalformed] unless the whole string can be read: every
// segment, all of known types and with all of their fields.
//
// Parse takes time linear in the length of the value, at most 64 KiB, and allocates only if
// there is something to unescape. The String refers to the bytes of the value.
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

// parseCore reads the core string, and checks that it is complete.
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

// addSegment reads a segment after the core string, and checks that it is complete.
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
