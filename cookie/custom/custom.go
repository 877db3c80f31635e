// Package custom reads and writes the answer in a site's own cookie: that of an in-house
// banner, or of a page on @segment/analytics-consent-tools, which stores its categories
// itself.
//
// # The cookie
//
// [Source] describes it, and is a Codec of the endpoint of package preferences, so that
// visitors can answer without a script. The value has one of five formats, optionally
// percent-encoded as by encodeURIComponent:
//
//	JSON      {"analytics":true,"advertising":false}, or such an object at a Path
//	JSONList  ["analytics"], or such an array at a Path
//	Pairs     analytics=1&advertising=0
//	List      analytics,advertising
//	Word      true
//
// Every cookie of that name is an answer, unless AnsweredBy names another cookie that has to
// be there too. A value of another form is an error, and denies everything; so does JSON
// without the Path, since a wrong Path must not allow what visitors denied.
//
// # What an answer leaves out
//
// With Categories set, what an answer leaves out is denied, as in consent-tools: under an
// opt-out policy {"analytics":true} would otherwise allow advertising. For a category that
// is not among them, only a denial counts. JSONList, List and Word do not list what the
// visitor refused, and need Categories.
//
// # Answers that are out of date
//
// The site itself has to check a date or revision in its cookie: write a
// middleware.SourceFunc that does, and calls this Source.
//
// # What it cannot see
//
// A Source reads only one cookie. A site with a cookie for each category has a Source for
// each, with the format Word.
//
// # Names
//
// A name in the cookie is a category of that name unless Groups says otherwise.
//
//	in the cookie  in Groups      category
//	analytics                     analytics
//	mkt            "advertising"  advertising
//	ads            "advertising"  advertising, if mkt is granted too
//
// # Where the rules come from
//
// @segment/analytics-consent-tools 2.0.3 has the rule that a category is granted only if it
// is true.
package custom

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// ErrCategories is the error of a Source without Categories whose Format needs them. It
// reads nothing then.
var ErrCategories = errors.New("custom: the Format needs Categories")

var (
	errJSON   = fmt.Errorf("%w: not JSON of that form, or nothing at the path", cookie.ErrMalformed)
	errPairs  = fmt.Errorf("%w: not names and answers", cookie.ErrMalformed)
	errAnswer = fmt.Errorf("%w: an answer that is not one of the site's words", cookie.ErrMalformed)
	errNone   = fmt.Errorf("%w: no category", cookie.ErrMalformed)
)

// A Format is the form of a cookie's value.
type Format uint8

// The formats. JSON is the zero Format.
const (
	JSON     Format = iota // an object of names and answers
	JSONList               // an array of the names that are granted
	Pairs                  // names and answers, with separators between them
	List                   // the names that are granted, with separators between them
	Word                   // one answer for all Categories
)

// A Source reads the answer from a site's own cookie, and writes it. The zero Source reads
// JSON from the cookie "consent". It may be used by many goroutines at once.
type Source struct {
	// Template holds the name of the cookie, if it is not "consent", and the attributes to
	// write it with; see [cookie.Set]. Its Value is not used.
	Template http.Cookie

	// Format is the form of the value.
	Format Format

	// Path leads to the answers through the members of JSON objects: {"user", "consent"} is
	// for {"user":{"consent":...}}. Empty: the document itself holds the answers.
	Path []string

	// Separator stands between the entries of Pairs and List, and Assign between the name
	// and the answer of Pairs. Empty, they are "&", or "," in a List, and "=".
	Separator, Assign string

	// Granted and Denied are the words for an answer; Write uses the first. Empty, they
	// are true, 1 and yes, and false, 0 and no. In JSON the word true is a string or a
	// boolean, and 1 a string or a number; null is always denied.
	Granted, Denied []string

	// Groups are the site's categories by the names in the cookie. An unlisted name stays as
	// it is. A category of several names is granted if all of them are.
	Groups map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// AnsweredBy, if not empty, is the name of a cookie that is there once the visitor has
	// answered. Without that cookie there is no answer, whatever the other one holds.
	AnsweredBy string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	if s.AnsweredBy != "" && len(cookie.Values(r, s.AnsweredBy)) == 0 {
		return consent.NewState(nil), nil
	}
	return cookie.Read(r, s.name(), s.Decode)
}

func (s Source) name() string { return cmp.Or(s.Template.Name, "consent") }

// Decode returns the answer in the value of the cookie, by the same rules as Consent.
func (s Source) Decode(value string) (consent.State, error) {
	answers, err := s.Parse(value)
	if err != nil {
		return consent.All(consent.Denied), err
	}
	answers = cookie.Categories(answers, s.Groups)
	if len(s.Categories) > 0 {
		answers = s.complete(answers)
	}
	if len(answers) == 0 {
		return consent.All(consent.Denied), errNone // an answer must not look like none
	}
	return consent.NewState(answers), nil
}

// complete returns the answers with missing categories denied, and without grants for
// categories that the site does not have.
func (s Source) complete(answers map[string]bool) map[string]bool {
	complete := make(map[string]bool, len(answers)+len(s.Categories))
	for category, granted := range answers {
		if !granted {
			complete[category] = false
		}
	}
	for _, category := range s.Categories {
		complete[category] = answers[category]
	}
	return complete
}
