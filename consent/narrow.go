package consent

import (
	"slices"
	"strings"

	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// Narrow returns d without what the application closed in the integrations object of a message. It
// is for a [Router] whose service can stop every destination. A false closes the destination under
// each of its names, in any casing. "All" false closes what the object does not name. Where
// unlisted destinations are open, those that the object names get a verdict if it differs. Narrow
// never opens what d denies.
//
// The object has plain JSON values, as a Router gets them: only false closes.
func (d Decision) Narrow(integrations map[string]any) Decision {
	if d.body == nil || len(integrations) == 0 {
		return d
	}
	n := narrowing{own: segment.NewCaller(integrations), off: make(map[string]bool)}
	for name, value := range n.own {
		if value == false {
			n.off[names.Fold(name)] = true
		}
	}
	n.all = n.off["all"]
	narrowed := d.clone()
	narrowed.body.answered = d.body.answered
	n.listed(narrowed.body)
	if d.body.unlisted {
		n.unlisted(narrowed.body)
		narrowed.body.unlisted = !n.all
	}
	return narrowed
}

// A narrowing is what an application's integrations close.
type narrowing struct {
	own segment.Caller
	off map[string]bool // folded names that are false
	all bool            // the rest is
}

// listed denies what has a verdict.
func (n narrowing) listed(d *decision) {
	named, off := make(map[string]bool), make(map[string]bool) // by primary name
	for _, v := range d.verdicts {
		value, ok := n.own[v.Destination]
		named[v.primary()] = named[v.primary()] || ok && value != false
		off[v.primary()] = off[v.primary()] || n.off[names.Fold(v.Destination)]
	}
	for i, v := range d.verdicts {
		if v.Allowed && (off[v.primary()] || n.all && !named[v.primary()]) {
			d.verdicts[i].Allowed, d.verdicts[i].Reason, d.verdicts[i].Cause = false, ReasonApplication, ""
		}
	}
}

// unlisted adds verdicts for the names that only the application uses. A name that a verdict denies
// in another casing is denied: it may be the right spelling.
func (n narrowing) unlisted(d *decision) {
	listed, denied := make(map[string]bool), make(map[string]bool)
	for _, v := range d.verdicts {
		listed[v.Destination] = true
		if !v.Allowed {
			denied[names.Fold(v.Destination)] = true
		}
	}
	var added []Verdict
	for name := range n.own {
		switch folded := names.Fold(name); {
		case listed[name] || !isDestination(name):
		case denied[folded] || n.off[folded]:
			added = append(added, Verdict{Destination: name, Reason: ReasonApplication})
		case n.all:
			added = append(added, Verdict{Destination: name, Allowed: true, Reason: ReasonApplicationNamed})
		}
	}
	slices.SortFunc(added, func(a, b Verdict) int { return strings.Compare(a.Destination, b.Destination) })
	d.verdicts = append(d.verdicts, added...)
}
