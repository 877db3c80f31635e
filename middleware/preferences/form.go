package preferences

import (
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// readForm reads a form, or uses one that another handler has already parsed.
func readForm(w http.ResponseWriter, r *http.Request, kind, boundary string) (url.Values, *refusal) {
	switch {
	case kind == typeForm && r.PostForm != nil:
		return parsedForm(r.PostForm)
	case kind == typeForm:
		body, problem := readBody(w, r)
		if problem != nil {
			return nil, problem
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, wrong(reasonForm)
		}
		return form, nil
	case r.MultipartForm == nil:
		return readParts(w, r, boundary)
	case len(r.MultipartForm.File) > 0:
		return nil, wrong(reasonFile)
	default:
		return parsedForm(r.MultipartForm.Value)
	}
}

// parsedForm returns a copy of a form that another handler has parsed, within the limit
// of a body.
func parsedForm(parsed map[string][]string) (url.Values, *refusal) {
	form := make(url.Values)
	size := 0
	for name, values := range parsed {
		form[name] = values
		for _, value := range values {
			size += len(name) + len(value) + len("=&")
		}
	}
	if size > maxBody {
		return nil, refused(http.StatusRequestEntityTooLarge, reasonTooLong)
	}
	return form, nil
}

// readParts reads a multipart form in memory.
func readParts(w http.ResponseWriter, r *http.Request, boundary string) (url.Values, *refusal) {
	form := make(url.Values)
	if r.Body == nil {
		return form, nil
	}
	parts := multipart.NewReader(http.MaxBytesReader(w, r.Body, maxBody), boundary)
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return form, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
		if part.FileName() != "" {
			return nil, wrong(reasonFile)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, unreadable(err)
		}
		form.Add(part.FormName(), string(value))
	}
}

const (
	reasonForm = "The form cannot be read."
	reasonFile = "The form holds a file."
)

// parseForm reads a form, which is an answer for every category.
func parseForm(form url.Values, known vocabulary) (given, *refusal) {
	g := newGiven()
	g.whole = true
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
		return g, wrong("The answer is for everything, but also names something.")
	}
	for name := range known.categories {
		g.categories[name] = false
	}
	for _, name := range known.policy {
		g.categories[name] = preset == "accept"
	}
	return g, nil
}

// addField adds the answer in a field of a form, if there is one.
func (g given) addField(field, value string, known vocabulary) *refusal {
	switch {
	case field == "redirect":
		if value != "" && !isLocalPath(value) {
			return wrong("The redirect is not to a path of this site.")
		}
		return nil
	case field == "answer":
		if value != "accept" && value != "deny" && value != "save" {
			return wrong("The answer is not accept, deny or save.")
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
