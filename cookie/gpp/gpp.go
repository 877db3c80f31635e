// Package gpp reads the string of the IAB's Global Privacy Platform (GPP), in which
// consent platforms keep what visitors from the United States opted out of.
//
// # Cookies and options
//
// The specification leaves the storage to the platform. "__gpp", with the sections in
// force in "__gpp_sid", is a convention, and the default. OneTrust writes OTGPPConsent:
//
//	gpp.Source{Name: "OTGPPConsent"}
//
// [Source.Purposes] maps what a visitor may opt out of to the site's categories.
//
// # What counts as answered
//
// An opt-out is a denial of its category, and nothing in a string is a grant: "did not opt
// out" is also in the strings of visitors who were never asked. The ids are
//
//	sale                  SaleOptOut, and the opt-out of a US Privacy section (uspv1)
//	sharing               SharingOptOut
//	targeted_advertising  TargetedAdvertisingOptOut
//	sensitive_data_1 ...  SensitiveDataProcessing, as each section numbers it
//
// A GPC subsection that says true, so that the browser sent Global Privacy Control, is
// an opt-out of the first three in every section.
//
// What a string leaves out is not denied, so unlike other Sources this one has no
// Categories: a visitor who opted out of sales did not answer about the rest.
//
// Two fields are consents: to the processing of a known child's data, and to processing
// beyond the disclosed purposes. They say "no consent" for visitors who were never asked,
// so a "no" there is a denial only if Purposes maps its id, which is known_child_1 ... or
// personal_data.
//
// # Names
//
// An id is a category of that name unless Purposes says otherwise.
//
//	id                    category, for example
//	sale                  advertising
//	sharing               advertising
//	targeted_advertising  advertising
//	sensitive_data_1 ...  that of the destinations which receive such data
//	known_child_1 ...     every one, where a site knows of children
//	personal_data         analytics
//
// # Which sections count
//
// Those that __gpp_sid names; all, if it is absent or names none of the string. A section
// in force must be read, since it may hold a rejection. The sections read here are uspv1
// (6) and usnat to usri (7 to 27). The TC string of tcfeuv2 (2) is passed to [Source.TCF].
// Anything else, such as tcfcav1 (5) or a state that is newer than this package, is
// [ErrUnread] and denies everything, unless [Source.Skip] lists it because another Source
// reads it. [Parse] itself accepts unknown sections: [Section.Value] returns them raw.
//
// # What it cannot see
//
// A string has no date and no revision (a TC string in it has), so an outdated answer is
// not noticed. OneTrust's GPPCookiesCount says that it may split a string over several
// cookies; how is not known, and a part of a string is malformed.
//
// # Sources
//
// The header, the sections and their ids follow the IAB Tech Lab's repository
// InteractiveAdvertisingBureau/Global-Privacy-Platform; where that and the IAB's own
// encoder, @iabgpp/cmpapi 3.2.0, disagree, this package follows the encoder. It writes
// usmd, usin, usky and usri (24 to 27) without the section header that their
// specifications ask for, whose list of subsections begins with 0, which the list's
// encoding cannot express. A section with such a header is malformed here. The layout of
// usnat goes by length: OneTrust writes the long one under Version 1.
//
// Time and memory are bounded: a string has at most 16 KiB and 64 sections.
package gpp

import "strings"

const (
	maxSize     = 16 << 10 // bytes of a string; a cookie has at most 4096
	maxSections = 64
)

// A String is a parsed GPP string. The zero String has no sections. A String may be used
// by several goroutines at once.
type String struct{ sections []Section }

// Parse reads a GPP string as it is, without any percent-encoding. All of it has to be
// readable: one bad section, or a number of sections that differs from the header, is an
// error that wraps [cookie.ErrMalformed]. Sections with an unknown id are kept unread.
func Parse(value string) (String, error) {
	if len(value) > maxSize {
		return String{}, errSize
	}
	header, rest, more := strings.Cut(value, "~")
	ids, n, err := readHeader(header)
	if err != nil {
		return String{}, err
	}
	if n == 0 && !more {
		return String{}, nil
	}
	if strings.Count(rest, "~")+1 != n || !more {
		return String{}, errCount
	}
	sections := make([]Section, n)
	for i := range sections {
		var raw string
		raw, rest, _ = strings.Cut(rest, "~")
		if sections[i], err = readSection(int(ids[i]), raw); err != nil {
			return String{}, err
		}
	}
	return String{sections}, nil
}

// Sections returns the sections in the order of the string, which is that of their ids.
// The caller may change the slice.
func (s String) Sections() []Section { return append([]Section(nil), s.sections...) }

// Section returns the section with that id, and whether the string has it.
func (s String) Section(id int) (Section, bool) {
	for _, section := range s.sections {
		if section.id == id {
			return section, true
		}
	}
	return Section{}, false
}

func (s String) has(id int) bool {
	_, ok := s.Section(id)
	return ok
}
