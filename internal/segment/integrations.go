package segment

import "github.com/go-consent/segment/internal/names"

// noWarehouses is the value that closes warehouses. It is immutable, and needs no
// allocation.
type noWarehouses struct {
	All bool `json:"all"`
}

// ClosedForm returns the integrations object that closes everything except what d
// allows, after Narrow.
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

// OpenForm returns the integrations object that closes what d denies, after Narrow,
// and opens nothing: an explicit true would override the filters that an administrator
// set in the workspace. Salesforce is false unless it is named.
func (d Decision) OpenForm(caller Caller) map[string]any {
	out := make(map[string]any, len(d.Verdicts)+len(caller))
	listed := make(map[string]bool, len(d.Verdicts))
	all := caller.closes().all
	for _, v := range d.Verdicts {
		listed[v.Name] = true
		switch {
		case !v.Allowed:
			out[v.Name] = false
		case caller.names(v.Name):
			out[v.Name] = caller[v.Name]
		case all && !Unstoppable(v.Name), names.Fold(v.Name) == foldedSalesforce:
			out[v.Name] = true // the caller named it under another name
		}
	}
	for name, value := range caller {
		switch folded := names.Fold(name); {
		case folded == "" || folded == foldedAll || folded == foldedLegacy || listed[name]:
		case folded == foldedWarehouses && name != Warehouses:
		default:
			out[name] = value
		}
	}
	if all {
		out[All] = false
	}
	if d.deniesWarehouse() {
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
