package conformance

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-consent/segment/consent"
)

// requestWith returns a request with a copy of the header.
func requestWith(h http.Header) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/page?q=1", strings.NewReader("body"))
	r.Header = h.Clone()
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	return r
}

func (e SourceExamples) answersAreRead(newSource func() Source) string {
	for _, a := range e.Answers {
		got, err := newSource().Consent(requestWith(a.Header))
		switch {
		case err != nil:
			return fmt.Sprintf("%v is an error: %v", a.Header, err)
		case got != a.State:
			return fmt.Sprintf("%v is read as %s, and the example says %s", a.Header, got, a.State)
		}
	}
	return ""
}

func (e SourceExamples) silenceIsZero(newSource func() Source) string {
	for _, h := range []http.Header{
		nil,
		{"Cookie": {""}},
		{"Cookie": {"session=3f1b; theme=dark"}},
		{"Cookie": {`broken="; =; a; %zz=%`}, "Accept-Language": {"de"}},
	} {
		if got, err := newSource().Consent(requestWith(h)); err != nil || got != consent.NewState(nil) {
			return fmt.Sprintf("%v is %s, and the error %v", h, got, err)
		}
	}
	return ""
}

func (e SourceExamples) malformedIsError(newSource func() Source) string {
	for _, h := range e.Malformed {
		if got, err := newSource().Consent(requestWith(h)); err == nil {
			return fmt.Sprintf("%v is no error, but %s", h, got)
		}
	}
	return ""
}

func (e SourceExamples) errorsAreDiscreet(newSource func() Source) string {
	for _, h := range e.Malformed {
		_, err := newSource().Consent(requestWith(h))
		if err == nil {
			continue
		}
		for _, value := range valuesOf(h) {
			const recognizable = 5
			for _, form := range formsOf(value) {
				if len(value) >= recognizable && strings.Contains(err.Error(), form) {
					return fmt.Sprintf("the error is %q, with the value of the request in it", err)
				}
			}
		}
	}
	return ""
}

// formsOf returns a value unchanged, as it may be decoded, and both as %q prints them.
func formsOf(value string) []string {
	forms := []string{value}
	if plain, err := url.PathUnescape(value); err == nil {
		forms = append(forms, plain)
	}
	for _, form := range forms {
		forms = append(forms, strings.Trim(strconv.Quote(form), `"`))
	}
	return forms
}

// valuesOf returns the values of a header, those of its cookies one by one.
func valuesOf(h http.Header) (values []string) {
	for _, lines := range h {
		for _, line := range lines {
			values = append(values, line)
			for pair := range strings.SplitSeq(line, "; ") {
				if _, value, ok := strings.Cut(pair, "="); ok {
					values = append(values, value)
				}
			}
		}
	}
	return values
}

func (e SourceExamples) grantsByName(newSource func() Source) string {
	for _, a := range e.Answers {
		if got, err := newSource().Consent(requestWith(a.Header)); err == nil && got.Rest() == consent.Granted {
			return fmt.Sprintf("%v grants everything", a.Header)
		}
	}
	return ""
}

func (e SourceExamples) requestIsUnchanged(newSource func() Source) string {
	for _, h := range e.headers() {
		r := requestWith(h)
		before := r.Clone(r.Context())
		_, _ = newSource().Consent(r)
		body, err := io.ReadAll(r.Body)
		switch {
		case !maps.EqualFunc(before.Header, r.Header, slices.Equal):
			return "the header is another"
		case *before.URL != *r.URL || before.Method != r.Method || before.Host != r.Host:
			return "the URL, the method or the host is another"
		case err != nil || !bytes.Equal(body, []byte("body")):
			return "the body was read"
		}
	}
	return ""
}

func (e SourceExamples) headers() []http.Header {
	headers := slices.Clone(e.Malformed)
	for _, a := range e.Answers {
		headers = append(headers, a.Header)
	}
	return headers
}

func (e SourceExamples) sameAnswer(newSource func() Source) string {
	source := newSource()
	for _, h := range e.headers() {
		first := ask(source, h)
		if again := ask(source, h); again != first {
			return fmt.Sprintf("%v is first %s, then %s", h, first, again)
		}
		if again := ask(newSource(), h); again != first {
			return fmt.Sprintf("%v is %s for one source, %s for another like it", h, first, again)
		}
	}
	return ""
}

func ask(s Source, h http.Header) string {
	state, err := s.Consent(requestWith(h))
	if err != nil {
		return "an error"
	}
	return state.String()
}

func (e SourceExamples) cutGrantsNoMore(newSource func() Source) string {
	const cuts = 200 // of each value, spread over its length
	source := newSource()
	for _, a := range e.Answers {
		for name, lines := range a.Header {
			last := lines[len(lines)-1]
			begin := 0
			if name == "Cookie" { // another copy of the cookie may stand before the last
				begin = strings.LastIndex(last, "; ") + 1
				begin += strings.Index(last[begin:], "=") + 1
			}
			step := max(1, (len(last)-begin)/cuts)
			for n := begin; n < len(last); n += step {
				h := a.Header.Clone()
				h[name][len(lines)-1] = last[:n]
				if more := granted(source, h, grants(a.State)); more != "" {
					return fmt.Sprintf("%q grants %s", last[:n], more)
				}
			}
		}
	}
	return ""
}

// granted returns what a request grants beyond a limit. An error grants nothing.
func granted(s Source, h http.Header, limit []string) string {
	state, err := s.Consent(requestWith(h))
	if err != nil {
		return ""
	}
	return beyond(grants(state), limit)
}

func (e SourceExamples) copiesAgree(newSource func() Source) string {
	for _, a := range e.Answers {
		for _, b := range e.Answers {
			first, second := strings.Join(a.Header["Cookie"], "; "), strings.Join(b.Header["Cookie"], "; ")
			if first == "" || second == "" {
				continue
			}
			h := a.Header.Clone()
			h["Cookie"] = []string{first + "; " + second}
			both := slices.DeleteFunc(grants(a.State), func(g string) bool { return !slices.Contains(grants(b.State), g) })
			if more := granted(newSource(), h, both); more != "" {
				return fmt.Sprintf("%q grants %s", h["Cookie"], more)
			}
		}
	}
	return ""
}

func (e SourceExamples) garbageGrantsNothing(newSource func() Source) string {
	source := newSource()
	garbage := []string{
		"", " ", "%", "%FF%00", "\x00", "\xff\xfe", `"`, `{"`, "{}", "[]", "null", "-1", "1e999", ":;,|=&",
		strings.Repeat("[", 1<<16), strings.Repeat("{\"a\":", 1<<14), strings.Repeat("x", 1<<20), strings.Repeat("%25", 1<<16),
		strings.Repeat("; a=b", 1<<14),
	}
	for _, a := range e.Answers {
		for _, value := range garbage {
			h := make(http.Header)
			for name, lines := range a.Header {
				h[name] = replaceValues(lines, value)
			}
			if more := granted(source, h, nil); more != "" {
				return fmt.Sprintf("%.100q grants %s", value, more)
			}
		}
	}
	return ""
}

// replaceValues puts the same value into each line, or each cookie of it.
func replaceValues(lines []string, value string) []string {
	replaced := make([]string, len(lines))
	for i, line := range lines {
		pairs := strings.Split(line, "; ")
		for j, pair := range pairs {
			if name, _, ok := strings.Cut(pair, "="); ok {
				pairs[j] = name + "=" + value
			} else {
				pairs[j] = value
			}
		}
		replaced[i] = strings.Join(pairs, "; ")
	}
	return replaced
}

func (e SourceExamples) concurrent(newSource func() Source) string {
	source := newSource()
	h := e.Answers[0].Header
	return concurrently(ask(newSource(), h), func() string { return ask(source, h) })
}
