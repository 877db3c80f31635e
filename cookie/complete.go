package cookie

import "github.com/go-consent/segment/consent"

// Complete returns s with each of the site's categories that it leaves out denied. It is
// for platforms and pages whose answers list only what the visitor chose: Segment's
// consent-tools read them so, and an opt-out policy would otherwise allow the missing
// categories. Names are compared exactly.
//
// A State without an answer of the visitor's own is returned unchanged, and so is one
// that answers for every name.
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
