package tcf

import "time"

// A String is a TC string that [Parse] has read. It is immutable, may be used by many
// goroutines at once, and decodes the bits on each call. The zero String grants
// nothing. Ids outside the format's range are not granted either.
//
// A String reports the bits. Rules that build on them, such as that a vendor has to be
// disclosed, are up to [Source] or the caller.
type String struct {
	core         bits
	consents     vendors
	interests    vendors
	restrictions int // where in the core string they begin
	disclosed    vendors
	allowed      vendors
	publisher    bits
}

// Where the fields of the core string begin.
const (
	atVersion             = 0
	atCreated             = 6
	atLastUpdated         = 42
	atCmpID               = 78
	atCmpVersion          = 90
	atConsentScreen       = 102
	atConsentLanguage     = 108
	atVendorListVersion   = 120
	atPolicyVersion       = 132
	atServiceSpecific     = 138
	atNonStandardTexts    = 139
	atSpecialFeatures     = 140
	atPurposeConsents     = 152
	atPurposeInterests    = 176
	atPurposeOneTreatment = 200
	atPublisherCountry    = 201
	atVendors             = 213

	purposes        = 24
	specialFeatures = 12
	dateBits        = 36
)

// Created returns when the string was first created, in UTC. Since version 2.2 of the
// framework that is midnight of a day.
func (s String) Created() time.Time { return s.date(atCreated) }

// LastUpdated returns when the visitor last answered, in UTC. Since version 2.2 of
// the framework that is midnight of a day.
func (s String) LastUpdated() time.Time { return s.date(atLastUpdated) }

// date reads tenths of seconds since 1970.
func (s String) date(at int) time.Time {
	return time.UnixMilli(int64(s.core.number(at, dateBits)) * 100).UTC()
}

// CmpID returns the id of the consent platform that wrote the string, which is 0 for
// some that are not registered.
func (s String) CmpID() int { return int(s.core.number(atCmpID, 12)) }

// CmpVersion returns the consent platform's own version.
func (s String) CmpVersion() int { return int(s.core.number(atCmpVersion, 12)) }

// ConsentScreen returns the consent platform's own number of the screen where the
// visitor answered.
func (s String) ConsentScreen() int { return int(s.core.number(atConsentScreen, 6)) }

// ConsentLanguage returns the language that the visitor was asked in, as two capital
// letters of ISO 639-1, or "" if the string has no letters there.
func (s String) ConsentLanguage() string { return s.core.letters(atConsentLanguage) }

// VendorListVersion returns the version of the Global Vendor List.
func (s String) VendorListVersion() int { return int(s.core.number(atVendorListVersion, 12)) }

// PolicyVersion returns the version of the framework's policies: 2 and 3 for TCF 2.0
// and 2.1, 4 for 2.2, 5 for 2.3.
func (s String) PolicyVersion() int { return int(s.core.number(atPolicyVersion, 6)) }

// IsServiceSpecific reports whether the answer was given to this site or a group of
// sites, rather than to every site, which the framework no longer supports.
func (s String) IsServiceSpecific() bool { return s.core.flag(atServiceSpecific) }

// UseNonStandardTexts reports whether the visitor was asked in other words than those
// of the framework.
func (s String) UseNonStandardTexts() bool { return s.core.flag(atNonStandardTexts) }

// SpecialFeature reports whether the visitor opted in to a special feature, 1 to 12.
func (s String) SpecialFeature(id int) bool {
	return s.core.one(atSpecialFeatures, specialFeatures, id)
}

// PurposeConsent reports whether the visitor consented to a purpose, 1 to 24.
func (s String) PurposeConsent(id int) bool { return s.core.one(atPurposeConsents, purposes, id) }

// PurposeLegitimateInterest reports whether the visitor was told of a legitimate
// interest in a purpose, 1 to 24, and did not object.
func (s String) PurposeLegitimateInterest(id int) bool {
	return s.core.one(atPurposeInterests, purposes, id)
}

// PurposeOneTreatment reports that the visitor was not asked about purpose 1, since
// the law of [String.PublisherCountry] needs no consent for it.
func (s String) PurposeOneTreatment() bool { return s.core.flag(atPurposeOneTreatment) }

// PublisherCountry returns the country whose law the publisher follows, as two capital
// letters of ISO 3166-1, or "" if the string has no letters there.
func (s String) PublisherCountry() string { return s.core.letters(atPublisherCountry) }

// VendorConsent reports whether the visitor consented to a vendor. Like all methods
// with a vendor it takes time linear in the ranges of the string, 4095 at most.
func (s String) VendorConsent(id int) bool { return s.consents.has(id) }

// VendorLegitimateInterest reports whether the visitor was told of a vendor's
// legitimate interests and did not object.
func (s String) VendorLegitimateInterest(id int) bool { return s.interests.has(id) }

// HasDisclosedVendors reports whether the string lists the vendors that were disclosed
// to the visitor, as TCF 2.3 requires.
func (s String) HasDisclosedVendors() bool { return s.disclosed.bits != "" }

// VendorDisclosed reports whether a vendor is among those that were disclosed to the
// visitor. Without such a list none is.
func (s String) VendorDisclosed(id int) bool { return s.disclosed.has(id) }

// VendorAllowed reports whether the publisher allows a vendor to use a legal basis
// outside the framework. TCF 2.3 no longer has that list.
func (s String) VendorAllowed(id int) bool { return s.allowed.has(id) }
