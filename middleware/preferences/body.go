package preferences

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxBody limits the body of an answer. One that fits a cookie is much smaller.
const maxBody = 64 << 10

// The types of a body. navigator.sendBeacon sends a string as text, which holds JSON
// here.
const (
	typeJSON  = "application/json"
	typeText  = "text/plain"
	typeForm  = "application/x-www-form-urlencoded"
	typeParts = "multipart/form-data"
)

// readAnswer reads the answer in the body of a request.
func (h Handler) readAnswer(w http.ResponseWriter, r *http.Request, known vocabulary) (given, *refusal) {
	kind, parameters, problem := bodyKind(r.Header)
	if problem != nil {
		return given{}, problem
	}
	if kind == typeJSON || kind == typeText {
		body, problem := readBody(w, r)
		if problem != nil {
			return given{}, problem
		}
		return parseJSON(body, known)
	}
	form, problem := readForm(w, r, kind, parameters["boundary"])
	if problem != nil {
		return given{}, problem
	}
	for _, name := range h.IgnoreFields {
		delete(form, name)
	}
	g, problem := parseForm(form, known)
	if problem == nil && g.redirect == "" {
		host := r.Host
		if _, other, ok := strings.Cut(h.pageOrigin(r), "://"); ok {
			host = other
		}
		g.redirect = refererPath(r, host)
	}
	return g, problem
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	return body, unreadable(err)
}

// unreadable returns the refusal for a body that failed to be read with err, or nil.
func unreadable(err error) *refusal {
	var tooLong *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLong):
		return refused(http.StatusRequestEntityTooLarge, reasonTooLong)
	default:
		return wrong("The answer cannot be read.")
	}
}

// bodyKind returns the media type of the body, which is one of four, and its parameters.
func bodyKind(h http.Header) (kind string, parameters map[string]string, problem *refusal) {
	problem = refused(http.StatusUnsupportedMediaType, "The answer is neither JSON nor a form (application/json or application/x-www-form-urlencoded), in UTF-8.")
	types := h.Values("Content-Type")
	if len(types) != 1 || h.Get("Content-Encoding") != "" {
		return "", nil, problem
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	if charset, ok := parameters["charset"]; err != nil || ok && !strings.EqualFold(charset, "utf-8") {
		return "", nil, problem
	}
	switch kind {
	case typeJSON, typeText, typeForm:
		return kind, parameters, nil
	case typeParts:
		if parameters["boundary"] != "" {
			return kind, parameters, nil
		}
	}
	return "", nil, problem
}
