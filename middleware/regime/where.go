package regime

import (
	"net/http"
	"net/textproto"
	"strings"
)

// CloudFront is the Where of a site behind Amazon CloudFront with the headers
// CloudFront-Viewer-Country and CloudFront-Viewer-Country-Region in its origin request
// policy. See [Header] about trust.
//
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
func CloudFront(r *http.Request) (country, region string) { return cloudFront(r) }

// Cloudflare is the Where of a site behind Cloudflare, with the header CF-IPCountry and, if the
// managed transform for visitor location headers is on, cf-region-code. See [Header] about trust.
// "XX" (unknown) and "T1" (Tor) are unknown places.
//
// https://developers.cloudflare.com/rules/transform/managed-transforms/reference/
func Cloudflare(r *http.Request) (country, region string) { return cloudflare(r) }

// AppEngine is the Where of a program on Google App Engine, which sets X-AppEngine-Country and
// X-AppEngine-Region, and removes what clients send under these names. "ZZ" is an unknown
// country.
//
// https://cloud.google.com/appengine/docs/flexible/reference/request-headers
func AppEngine(r *http.Request) (country, region string) { return appEngine(r) }

var (
	cloudFront = Header("CloudFront-Viewer-Country", "CloudFront-Viewer-Country-Region")
	cloudflare = Header("CF-IPCountry", "CF-Region-Code")
	appEngine  = Header("X-AppEngine-Country", "X-AppEngine-Region")
)

// Header returns a Where that reads the country and its subdivision from two headers of the
// request; region may be "".
//
// Anybody can send a header. Name one only if a proxy in front of the program sets or removes it
// in every request, and if no request can bypass that proxy. Otherwise a visitor who should be
// asked can be taken for one who need not be; the visitor's own answer still counts.
//
// A header with several lines, or of more than 8 bytes, counts as an unknown place.
func Header(country, region string) func(*http.Request) (country, region string) {
	country, region = textproto.CanonicalMIMEHeaderKey(country), textproto.CanonicalMIMEHeaderKey(region)
	return func(r *http.Request) (string, string) {
		if r == nil {
			return "", ""
		}
		if region == "" {
			return only(r.Header[country]), ""
		}
		return only(r.Header[country]), only(r.Header[region])
	}
}

const maxHeader = 8 // bytes; "US-CA" has 5

// unclear is a subdivision that no table has, unlike "", which is one that is not given.
const unclear = "?"

// only returns the only line of a header, "" if there is none, and an invalid place if the header
// is not usable.
func only(lines []string) string {
	switch {
	case len(lines) == 0:
		return ""
	case len(lines) > 1 || len(lines[0]) > maxHeader:
		return unclear
	default:
		return lines[0]
	}
}

// cleanCountry returns a country in upper case, or "" if it is invalid.
func cleanCountry(s string) string {
	s = upper(s)
	if len(s) != 2 || strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		return ""
	}
	return s
}

// cleanRegion returns a subdivision in upper case and without the country, "" if none is given,
// and unclear if it is invalid.
func cleanRegion(country, s string) string {
	s = strings.TrimPrefix(upper(s), cleanCountry(country)+"-")
	if len(s) > 3 || strings.ContainsFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) {
		return unclear
	}
	return s
}

// upper trims and folds only ASCII: other letters are in no code, and folding could turn some of
// them into ASCII.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, strings.Trim(s, " \t"))
}

// joinPlace returns the Place of a country and a subdivision, which may be "".
func joinPlace(country, region string) string {
	if region == "" {
		return country
	}
	return country + "-" + region
}

// splitPlace is the reverse of joinPlace. The country is "" if the place is malformed.
func splitPlace(place string) (country, region string) {
	country, region, divided := strings.Cut(place, "-")
	country, region = cleanCountry(country), cleanRegion(country, region)
	if region == unclear || divided && region == "" {
		return "", ""
	}
	return country, region
}
