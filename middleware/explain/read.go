package explain

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"runtime"
	"strings"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/internal/nils"
	"github.com/go-consent/segment/middleware"
)

// A basis is what the State rests on.
type basis string

const (
	basisBroken     basis = "nothing: the middleware is set up without a Source, or with one or a Signal that is nil"
	basisUnreadable basis = "a source could not be read, so everything is denied"
	basisAnswer     basis = "the visitor's answer"
	basisWithheld   basis = "nothing: the request comes from another site, and the browser may have kept the cookies from it"
	basisDefault    basis = "no answer yet, so the Default of the site counts"
	basisNone       basis = "no answer yet, and the site has no Default"
)

// A voice is a Source or a Signal, and what it said.
type voice struct {
	Name  string  `json:"name"`
	Says  string  `json:"says"`
	Error string  `json:"error,omitempty"` // its kind; the text could contain data of the request
	State *answer `json:"answer,omitempty"`
}

// What a voice says.
const (
	saysNil        = "cannot be asked: it is nil"
	saysUnreadable = "unreadable"
	saysNothing    = "nothing"
	saysDenied     = "denies everything"
	saysAnswer     = "an answer"
)

// An answer is a State to be shown.
type answer struct {
	Rest         string            `json:"rest"` // of names that are not here
	Asked        bool              `json:"askedByDestination"`
	Categories   map[string]string `json:"categories"`
	Destinations map[string]string `json:"destinations"`
}

// Only reports whether nothing but Rest is known.
func (a answer) Only() bool { return !a.Asked && len(a.Categories) == 0 && len(a.Destinations) == 0 }

func answerOf(s consent.State) answer {
	a := answer{Rest: s.Rest().String(), Asked: s.AskedByDestination(), Categories: map[string]string{}, Destinations: map[string]string{}}
	for name := range s.Categories() {
		a.Categories[name] = choiceOf(s, name, s.Category(name))
	}
	for name := range s.Destinations() {
		a.Destinations[name] = choiceOf(s, name, s.Destination(name))
	}
	return a
}

// choiceOf names a choice of s, "presumed" for a grant of a Default.
func choiceOf(s consent.State, name string, c consent.Choice) string {
	if c == consent.Granted && s.Presumed(name) {
		return "presumed"
	}
	return c.String()
}

// A reading is how a State came about.
type reading struct {
	basis            basis
	sources, signals []voice
	outer            *answer
	state            consent.State
}

// read reads r step by step. The State comes from middleware.Read itself; the steps only
// explain it.
func (h Handler) read(r *http.Request) (v reading) {
	o := h.Options
	v.sources, v.signals = []voice{}, []voice{}
	together := consent.NewState(nil)
	for _, source := range o.Sources {
		said := voice{Name: nameOf(source), Says: saysNil}
		if !nils.Is(source) {
			s, err := source.Consent(r)
			if err == nil {
				together = together.Restrict(s)
			}
			said.say(s, err)
		}
		v.sources = append(v.sources, said)
	}
	for i, signal := range o.Signals {
		said := voice{Name: fmt.Sprintf("Signal %d", i+1), Says: saysNil}
		if signal != nil {
			said.Name = signalName(signal)
			said.say(signal(r).Denials(), nil)
		}
		v.signals = append(v.signals, said)
	}
	var err error
	v.state, err = middleware.Read(r, o)
	if outer, ok := consent.Lookup(r.Context()); ok && err == nil && middleware.Effective(r, together, o) != v.state {
		a := answerOf(outer)
		v.outer = &a
	}
	switch {
	case errors.Is(err, middleware.ErrNoSource) || errors.Is(err, middleware.ErrNoSignal):
		v.basis = basisBroken
	case err != nil:
		v.basis = basisUnreadable
	case together != consent.NewState(nil):
		v.basis = basisAnswer
	case withheld(r, o):
		v.basis = basisWithheld
	case o.Default != nil:
		v.basis = basisDefault
	default:
		v.basis = basisNone
	}
	return v
}

// withheld reports whether r, which holds no answer, is denied only because browsers may
// have kept the cookies from it.
func withheld(r *http.Request, o middleware.Options) bool {
	return middleware.Effective(r, consent.NewState(nil), middleware.Options{SameSite: o.SameSite}) == consent.All(consent.Denied)
}

// say records what was said.
func (v *voice) say(s consent.State, err error) {
	switch {
	case err != nil:
		v.Says, v.Error = saysUnreadable, kindOf(err)
	case s == consent.NewState(nil):
		v.Says = saysNothing
	case s == consent.All(consent.Denied):
		v.Says = saysDenied
	default:
		v.Says = saysAnswer
		a := answerOf(s)
		v.State = &a
	}
}

// kindOf describes an error without its text.
func kindOf(err error) string {
	switch {
	case errors.Is(err, cookie.ErrMalformed):
		return "malformed"
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.Is(err, context.Canceled):
		return "it was canceled"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("failed with a %T", err)
		}
		err = inner
	}
}

// nameOf names a Source by its type, its cookie or its function.
func nameOf(source middleware.Source) string {
	switch s := source.(type) {
	case nil:
		return "nil"
	case middleware.SourceFunc:
		return functionName(s)
	case cookie.Codec:
		if s.Template.Name != "" {
			return "cookie.Codec, " + s.Template.Name
		}
		return "cookie.Codec, " + cookie.DefaultName
	default:
		return fmt.Sprintf("%T", source)
	}
}

// signalName names a Signal by its function; those of package middleware share one.
func signalName(signal middleware.Signal) string {
	name := functionName(signal)
	if strings.Contains(name, ".denyIf.") {
		return "Global Privacy Control or Do Not Track"
	}
	return name
}

// functionName returns the name of a function with its package, such as "main.account".
func functionName(f any) string {
	pc := reflect.ValueOf(f).Pointer()
	if function := runtime.FuncForPC(pc); function != nil {
		return path.Base(function.Name())
	}
	return fmt.Sprintf("%T", f)
}
