package destinations

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/memo"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// ErrConfig is the error of a mistake in a [Config].
var ErrConfig = errors.New("destinations: bad Config")

// consentManager lists the categories of Segment's open-source Consent Manager,
// for a Config without any.
var consentManager = []string{"advertising", "functional", "marketingAndAnalytics"}

// A Policy is a compiled [Config]. It is immutable and may be used by many
// goroutines at once. A nil Policy allows nothing.
type Policy struct {
	categories   []string      // in order
	destinations []destination // in the order of their names
	byVisitor    bool          // no destination named: the visitor's own list decides

	optOut, imply, allowUnlisted bool

	listed map[string]bool // names and aliases of every destination
	covers map[string]bool // categories with a destination

	seen *memo.Cache[consent.State, consent.Decision]
}

type destination struct {
	name       string
	aliases    []string
	names      []string // name, then aliases
	folded     []string // the same, folded
	categories []string
	always     bool
	serverOnly bool
}

// Compile checks c and returns its Policy. The error joins every mistake, each
// wrapping [ErrConfig], and then the Policy is nil: an empty or reserved name
// ("All" and "Segment.io" are no destinations), a name that is not UTF-8,
// a destination both in Always and in a category, a name that stands for two
// destinations. The Config is copied.
func Compile(c Config) (*Policy, error) {
	b := builder{named: make(map[string]*destination)}
	for _, category := range slices.Sorted(maps.Keys(c.Categories)) {
		b.checkCategory(category)
		for _, name := range c.Categories[category] {
			d := b.destination(name, fmt.Sprintf("category %q", category))
			if !slices.Contains(d.categories, category) {
				d.categories = append(d.categories, category)
			}
		}
	}
	for _, name := range c.Always {
		d := b.destination(name, "Always")
		d.always = true
		if len(d.categories) > 0 {
			b.wrong("destination %q is in Always and in category %q", name, d.categories[0])
		}
	}
	for _, name := range c.ServerOnly {
		b.destination(name, "ServerOnly").serverOnly = true
	}
	for _, name := range slices.Sorted(maps.Keys(c.Aliases)) {
		b.destination(name, "Aliases").aliases = slices.Compact(slices.Sorted(slices.Values(c.Aliases[name])))
	}
	b.checkAliases()
	if len(b.mistakes) > 0 {
		return nil, errors.Join(b.mistakes...)
	}
	return b.policy(c), nil
}

// MustCompile is Compile for a Config that is part of the program; it panics if
// there is a mistake in it.
func MustCompile(c Config) *Policy {
	p, err := Compile(c)
	if err != nil {
		panic(err)
	}
	return p
}

// A builder collects the destinations of a Config and the mistakes in it.
type builder struct {
	named    map[string]*destination
	mistakes []error
}

func (b *builder) wrong(format string, args ...any) {
	mistake := fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...)
	if !slices.ContainsFunc(b.mistakes, func(e error) bool { return e.Error() == mistake.Error() }) {
		b.mistakes = append(b.mistakes, mistake)
	}
}

func (b *builder) destination(name, where string) *destination {
	d, ok := b.named[name]
	if !ok {
		d = &destination{name: name}
		b.named[name] = d
		b.checkName(name, where)
	}
	return d
}

func (b *builder) checkCategory(name string) {
	switch {
	case names.Fold(name) == "":
		b.wrong("a category with an empty name")
	case !utf8.ValidString(name):
		b.wrong("category %q is not UTF-8", name)
	}
}

func (b *builder) checkName(name, where string) {
	switch {
	case names.Fold(name) == "":
		b.wrong("an empty name in %s", where)
	case segment.Reserved(name):
		b.wrong("%q in %s is a key of Segment's own, no destination", name, where)
	case !utf8.ValidString(name):
		b.wrong("%q in %s is not UTF-8", name, where)
	}
}

func (b *builder) checkAliases() {
	owner := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(b.named)) {
		for _, alias := range b.named[name].aliases {
			b.checkName(alias, fmt.Sprintf("the aliases of %q", name))
			if _, ok := b.named[alias]; ok {
				b.wrong("alias %q of %q is a destination of its own", alias, name)
			}
			if other, ok := owner[alias]; ok {
				b.wrong("%q is an alias of both %q and %q", alias, other, name)
			}
			owner[alias] = name
		}
	}
}

func (b *builder) policy(c Config) *Policy {
	p := &Policy{
		categories:    slices.Sorted(maps.Keys(c.Categories)),
		byVisitor:     len(b.named) == 0,
		optOut:        c.OptOut,
		imply:         c.Imply,
		allowUnlisted: c.AllowUnlisted,
		listed:        make(map[string]bool),
		covers:        make(map[string]bool),
	}
	if len(p.categories) == 0 {
		p.categories = slices.Clone(consentManager)
	}
	for _, name := range slices.Sorted(maps.Keys(b.named)) {
		d := *b.named[name]
		d.names = append([]string{d.name}, d.aliases...)
		for _, n := range d.names {
			d.folded = append(d.folded, names.Fold(n))
			p.listed[n] = true
		}
		for _, category := range d.categories {
			p.covers[category] = true
		}
		p.destinations = append(p.destinations, d)
	}
	p.seen = memo.New[consent.State, consent.Decision](seenSize, 256+maxSeenState+(len(p.listed)+maxSeenOwn)*verdictSize)
	return p
}
