package segment

import "github.com/go-consent/segment/internal/names"

// noWarehouses is the value that closes warehouses. It cannot be changed, and takes no
// memory.
type noWarehouses struct {
	All bool `json:"all"`
}

// ClosedForm returns the integrations object that closes everything but what d allows,
// which Narrow has seen.
func (d Decision) ClosedForm(caller Caller) map[string]any {
	out := make(map[string]any, len(d.Verdicts)+2)
	out[All] = false
	out[Warehouses] = noWarehouses{}
	for _, v := range d.Verdicts {
		if !v.Allowed {
			continue
		}
		if caller.names(v.Name) {
			out[v.Name] = caller[v.Name]
		} else {
			out[v.Name] = true
		}
	}
	return out
}

// OpenForm returns the integrations object that closes what d denies, which Narrow has
// seen, and opens nothing: an explicit true would override the filters that an
// administrator set in the workspace. Salesforce alone is false unless it is named.
func (d Decision) OpenForm(caller Caller) map[string]any {
	out := make(map[string]any, len(d.Verdicts)+len(caller))
	listed := make(map[string]bool, len(d.Verdicts))
	warehousesDenied := d.deniesWarehouse()
	for _, v := range d.Verdicts {
		listed[v.Name] = true
		switch {
		case !v.Allowed:
			out[v.Name] = false
		case caller.names(v.Name):
			out[v.Name] = caller[v.Name]
		case names.Fold(v.Name) == foldedSalesforce:
			out[v.Name] = true
		}
	}
	for name, value := range caller {
		switch folded := names.Fold(name); {
		case folded == foldedAll:
			if isFalse(value) {
				out[All] = false
			}
		case !listed[name] && folded != foldedLegacy:
			out[name] = value
		}
	}
	if warehousesDenied {
		out[Warehouses] = noWarehouses{}
	}
	return out
}

// Integrations returns the integrations object for d as it was before Narrow.
func (d Decision) Integrations(narrowed Decision, caller Caller) map[string]any {
	if d.Unlisted {
		return narrowed.OpenForm(caller)
	}
	return narrowed.ClosedForm(caller)
}
