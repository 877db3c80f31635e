package main

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-consent/segment/consent"
)

// A category is one question of the consent form.
type category struct{ Name, Title, Purpose string }

// categories returns the questions. Their names are the categories of the policy.
func categories() []category {
	return []category{
		{"marketingAndAnalytics", "Marketing and analytics", "To see how the shop is used, and to write to you about it."},
		{"advertising", "Advertising", "To show you our teapots elsewhere. Shares data with ad networks."},
		{"functional", "Functional", "To answer you in the support chat."},
	}
}

// readAnswer returns the answer in the form: a preset, or a field for each category
// that is granted. What it does not understand is an error, never an answer.
func readAnswer(w http.ResponseWriter, r *http.Request) (consent.State, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return consent.State{}, errors.New("the answer is not a form (application/x-www-form-urlencoded)")
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if err := r.ParseForm(); err != nil {
		return consent.State{}, errors.New("the form cannot be read, or is too long")
	}
	return parseAnswer(r.PostForm)
}

func parseAnswer(form url.Values) (consent.State, error) {
	answers := make(map[string]bool, len(categories()))
	for _, c := range categories() {
		answers[c.Name] = false
	}
	for field, values := range form {
		_, isCategory := answers[field]
		switch {
		case len(values) != 1:
			return consent.State{}, fmt.Errorf("%q is given more than once", field)
		case field == "preset" && len(form) > 1:
			return consent.State{}, errors.New("a preset leaves no room for other fields")
		case field == "preset" && (values[0] == "accept" || values[0] == "reject"):
			for name := range answers {
				answers[name] = values[0] == "accept"
			}
		case field == "preset":
			return consent.State{}, fmt.Errorf("unknown preset %q: it is accept or reject", values[0])
		case !isCategory:
			return consent.State{}, fmt.Errorf("unknown category %q", field)
		case slices.Contains([]string{"true", "on"}, values[0]):
			answers[field] = true
		case values[0] != "false":
			return consent.State{}, fmt.Errorf("%q is neither true nor false", field)
		}
	}
	return consent.NewState(answers), nil
}
