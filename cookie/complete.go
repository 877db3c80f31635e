package cookie

import "github.com/go-consent/segment/consent"

// Complete returns s with each of the site's categories that it leaves out denied. It
// is for platforms and pages where a category that an answer does not list is one that
// the visitor did not choose: Segment's consent-tools take it so, and a policy of an
// opt-out law would otherwise open it. Names are compared exactly.
//
// A State without an answer of the visitor's own is returned as it is: nobody answered,
// so nothing was left out. So is one that answers for every name, which leaves none out.
func Complete(s consent.State, categories []string) consent.State {
	if len(categories) == 0 || !s.Answered() {
		return s
	}
	var missing map[string]bool
	for _, name := range categories {
		if s.Category(name) != consent.Unknown {
			continue
		}
		if missing == nil {
			missing = make(map[string]bool)
		}
		missing[name] = false
	}
	return s.Restrict(consent.NewState(missing))
}
