package consenttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/names"
	"github.com/go-consent/segment/internal/segment"
)

// RequireListed fails the test for each destination of the workspace that the policy knows
// neither by exactly that name nor by an alias, and suggests similar names. Such a destination
// gets nothing or, if nothing can stop it, everything. The workspace is the list of what is
// connected to the source at Segment, kept in the repository, such as the Destinations of a
// segmenttest.Workspace.
//
// A warehouse is known if the policy lists "Warehouses" too.
func RequireListed(t testing.TB, p consent.Policy, workspace []string) {
	t.Helper()
	if len(workspace) == 0 {
		t.Fatalf("consenttest: the list of the workspace's destinations is empty, which proves nothing")
	}
	decision := p.Decide(consent.NewState(nil))
	var known []string
	for v := range decision.Verdicts() {
		if isOfPolicy(v, decision) {
			known = append(known, v.Destination)
		}
	}
	slices.Sort(known)
	for _, name := range workspace {
		kind := segment.Named(name)
		if slices.Contains(known, name) || kind.Warehouse && slices.Contains(known, segment.Warehouses) {
			continue
		}
		t.Errorf("consenttest: the workspace has %q, and the policy does not: %s\n\tcure: %s",
			name, consequence(kind, decision.Unlisted()), suggestion(name, known))
	}
}

// consequence says what happens to events for a destination that the policy does not name.
func consequence(d segment.Destination, unlisted bool) string {
	switch {
	case d.Storage:
		return "it gets every event that leaves, whatever the visitor answered, since Segment lets nothing stop it"
	case unlisted:
		return "it gets events of visitors who were never asked about it, under AllowUnlisted"
	case d.Warehouse:
		return "no event reaches it"
	}
	return "no event reaches it, whatever the visitor answered"
}

func suggestion(name string, known []string) string {
	var near []string
	for _, k := range known {
		if isNear(name, k) {
			near = append(near, fmt.Sprintf("%q", k))
		}
	}
	const list = "list it in the Config, under the categories that it needs, or in Always"
	kind := segment.Named(name)
	switch {
	case len(near) > 0:
		return "the policy has " + strings.Join(near, ", ") + ": correct the name there, or add this one to its Aliases"
	case kind.Storage:
		return list + "; a message that the visitor denies to it is then suppressed"
	case kind.Warehouse:
		return `list it in the Config, and "Warehouses" beside it: warehouses open and close together`
	}
	return list + fmt.Sprintf("; the policy has: %s", strings.Join(known, ", "))
}

// isNear reports whether two names may be meant for one destination: one contains the
// other, or a few letters differ.
func isNear(a, b string) bool {
	a, b = names.Fold(a), names.Fold(b)
	if strings.Contains(a, b) || strings.Contains(b, a) {
		return true
	}
	return distance(a, b) <= max(len(a), len(b))/4
}

// distance returns how many bytes have to be inserted, removed or changed to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
