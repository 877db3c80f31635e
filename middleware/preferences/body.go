package preferences

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxBody limits the body of an answer. One that fits a cookie is much smaller.
const maxBody = 64 << 10

// readAnswer reads the answer in the body of a request.
func readAnswer(w http.ResponseWriter, r *http.Request, known vocabulary) (given, *refusal) {
	kind, problem := bodyKind(r.Header)
	if problem != nil {
		return given{}, problem
	}
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var tooLong *http.MaxBytesError
		switch {
		case errors.As(err, &tooLong):
			return given{}, refused(http.StatusRequestEntityTooLarge, "The answer is too long.")
		case err != nil:
			return given{}, refused(http.StatusBadRequest, "The answer cannot be read.")
		}
	}
	if kind == "application/json" {
		return parseJSON(body, known)
	}
	g, problem := parseForm(string(body), known)
	if problem == nil && g.redirect == "" {
		g.redirect = refererPath(r)
	}
	return g, problem
}

// bodyKind returns the media type of the body, which is one of two.
func bodyKind(h http.Header) (string, *refusal) {
	problem := refused(http.StatusUnsupportedMediaType, "The answer is neither JSON nor a form (application/json or application/x-www-form-urlencoded), in UTF-8.")
	types := h.Values("Content-Type")
	if len(types) != 1 || h.Get("Content-Encoding") != "" {
		return "", problem
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	if charset, ok := parameters["charset"]; err != nil || ok && !strings.EqualFold(charset, "utf-8") {
		return "", problem
	}
	if kind != "application/json" && kind != "application/x-www-form-urlencoded" {
		return "", problem
	}
	return kind, nil
}

func wrong(reason string) *refusal { return refused(http.StatusBadRequest, reason) }

// Reasons that both kinds of body share.
const (
	reasonEmpty       = "The answer names nothing."
	reasonTwice       = "The answer names something twice."
	reasonCategory    = "The answer names an unknown category."
	reasonDestination = "The answer names an unknown destination."
	reasonBoolean     = "The answer for a name is neither true nor false."
	reasonField       = "The answer has an unknown field."
)

// add adds an answer to a section of g, which is its categories or destinations.
func add(section map[string]bool, name string, granted, known bool, unknown string) *refusal {
	if !known {
		return wrong(unknown)
	}
	if _, ok := section[name]; ok {
		return wrong(reasonTwice)
	}
	section[name] = granted
	return nil
}

func (g given) addCategory(name string, granted bool, known vocabulary) *refusal {
	return add(g.categories, name, granted, known.categories[name], reasonCategory)
}

func (g given) addDestination(name string, granted bool, known vocabulary) *refusal {
	_, ok := known.destinations[name]
	return add(g.destinations, name, granted, ok, reasonDestination)
}

func (g given) isEmpty() bool { return len(g.categories)+len(g.destinations) == 0 }

// parseJSON reads {"categories": {NAME: BOOL}, "destinations": {NAME: BOOL}}. Package
// json would let keys in other casings and the last of two pass.
func parseJSON(body []byte, known vocabulary) (given, *refusal) {
	g := given{categories: make(map[string]bool), destinations: make(map[string]bool)}
	if !utf8.Valid(body) || !json.Valid(body) {
		return g, wrong("The answer is not JSON in UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	sections := make(map[string]bool)
	problem := members(d, func(key string) *refusal {
		if sections[key] {
			return wrong(reasonTwice)
		}
		sections[key] = true
		var put func(string, bool, vocabulary) *refusal
		switch key {
		case "categories":
			put = g.addCategory
		case "destinations":
			put = g.addDestination
		default:
			return wrong(reasonField)
		}
		return members(d, func(name string) *refusal {
			granted, ok := next(d).(bool)
			if !ok {
				return wrong(reasonBoolean)
			}
			return put(name, granted, known)
		})
	})
	if problem == nil && g.isEmpty() {
		problem = wrong(reasonEmpty)
	}
	return g, problem
}

// members reads an object, up to the first problem, with a function that reads the value
// of each name.
func members(d *json.Decoder, value func(name string) *refusal) *refusal {
	if next(d) != json.Delim('{') {
		return wrong("The answer is not an object of objects.")
	}
	for d.More() {
		name, _ := next(d).(string) // nothing else can be there
		if problem := value(name); problem != nil {
			return problem
		}
	}
	next(d)
	return nil
}

// next returns the next token of a document that is known to be valid.
func next(d *json.Decoder) json.Token {
	token, _ := d.Token()
	return token
}

// parseForm reads a form, which is an answer for every category.
func parseForm(body string, known vocabulary) (given, *refusal) {
	g := given{categories: make(map[string]bool), destinations: make(map[string]bool), whole: true}
	form, err := url.ParseQuery(body)
	if err != nil {
		return g, wrong("The form cannot be read.")
	}
	for field, values := range form {
		if len(values) != 1 {
			return g, wrong(reasonTwice)
		}
		if problem := g.addField(field, values[0], known); problem != nil {
			return g, problem
		}
	}
	g.redirect = form.Get("redirect")
	preset := form.Get("answer")
	switch {
	case preset == "" && g.isEmpty():
		return g, wrong(reasonEmpty)
	case preset == "" || preset == "save":
		return g, nil
	case !g.isEmpty():
		return g, wrong("The answer is for everything, and names something as well.")
	}
	for name := range known.categories {
		g.categories[name] = false
	}
	for _, name := range known.policy {
		g.categories[name] = preset == "accept"
	}
	return g, nil
}

// addField adds what a field of a form says, if that is an answer.
func (g given) addField(field, value string, known vocabulary) *refusal {
	switch {
	case field == "redirect":
		if !isLocalPath(value) {
			return wrong("The redirect is not to a path of this site.")
		}
		return nil
	case field == "answer":
		if value != "accept" && value != "deny" && value != "save" {
			return wrong("The answer is none of accept, deny and save.")
		}
		return nil
	}
	category, isCategory := strings.CutPrefix(field, "category.")
	destination, isDestination := strings.CutPrefix(field, "destination.")
	switch {
	case !isCategory && !isDestination:
		return wrong(reasonField)
	case value != "true" && value != "on" && value != "false":
		return wrong(reasonBoolean)
	case isCategory:
		return g.addCategory(category, value != "false", known)
	default:
		return g.addDestination(destination, value != "false", known)
	}
}
