// Package orejime reads what a visitor answered in the banner of Orejime.
//
// # The cookie
//
// eu-consent, unless the site renamed it with the option cookie.name, holds one answer for
// each purpose, as JSON encoded by js-cookie. Orejime writes it only when the visitor
// answers, so any cookie is an answer. Mandatory purposes are granted whatever the visitor
// answers.
//
// The cookie is SameSite=Strict by default, so no request from another site has it: set
// SameSite in the middleware's Options accordingly.
//
// # Answers that are out of date
//
// The cookie has neither a date nor a revision. Orejime asks again when the site has a
// purpose that the cookie lacks. A server cannot know that without the list: with Asked
// set, only the denials of an answer that lacks a purpose count. Purposes that the site
// exempts from consent (isExempt) need no answer; leave them out of Asked.
//
// # What it cannot see
//
// A site that configures its own function to write the cookie (cookie.stringify) has its
// own format: the custom package may read it.
//
// # Names
//
// Purposes have the ids that the site gave them: each is a category of its own name unless
// Purposes says otherwise.
//
//	for example  category
//	matomo       analytics
//	ads          advertising
//	youtube      functional
//
// # Where the rules come from
//
// The code of the npm package orejime 3.2.1, run in a browser.
package orejime

import (
	"cmp"
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// A Source reads the answer from Orejime's cookie. The zero Source is ready to use, with
// the ids of the purposes as categories. It may be used by many goroutines at once.
type Source struct {
	// Purposes are the site's categories by the id of a purpose. An unlisted purpose is a
	// category of its own name. A category of several purposes is granted if all of them
	// are.
	Purposes map[string]string

	// Categories are all categories of the site: one that an answer leaves out is denied.
	Categories []string

	// Asked, if not empty, are the ids of all purposes that the site asks about now. The
	// grants of an answer that lacks one do not count.
	Asked []string

	// Name is the name of the cookie. Empty, it is eu-consent.
	Name string
}

// Consent returns the answer in the request's cookie, or consent.NewState(nil) if the
// visitor gave none. Limits, several copies and errors are those of [cookie.Read].
func (s Source) Consent(r *http.Request) (consent.State, error) {
	answers := cookie.Answers{Parse: Parse, Names: s.Purposes, Categories: s.Categories, Asked: s.Asked}
	return answers.Read(r, cmp.Or(s.Name, "eu-consent"))
}

// Parse reads the value of the cookie, encoded or not, and returns the answers by the ids
// of the purposes. A value that is not a JSON object, has an answer other than true and
// false (null is false), or has no purpose, is an error that wraps [cookie.ErrMalformed].
func Parse(value string) (map[string]bool, error) { return cookie.ParseAnswers(value) }
