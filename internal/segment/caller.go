package segment

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-consent/segment/internal/names"
)

// A Caller is the integrations object that the application set on a message, with plain
// JSON values. It may close what a Decision allows, but never opens what that denies.
type Caller map[string]any

// NewCaller returns the caller's integrations with keys as they are on the wire. A key
// that is not UTF-8 is different there; of keys that become equal, a false counts.
func NewCaller(integrations map[string]any) Caller {
	for name := range integrations {
		if !utf8.ValidString(name) {
			return validKeys(integrations)
		}
	}
	return integrations
}

func validKeys(integrations map[string]any) Caller {
	valid := make(Caller, len(integrations))
	for name, value := range integrations {
		name = ValidName(name)
		if held, ok := valid[name]; !ok || !isFalse(held) {
			valid[name] = value
		}
	}
	return valid
}

// ValidName returns a name as encoding/json writes it, with U+FFFD for each byte that is
// not UTF-8.
func ValidName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	return string([]rune(name))
}

// closes is what a Caller closes.
type closes struct {
	all        bool            // its "All", in any casing, is false
	off        map[string]bool // folded names that it sets to false
	warehouses bool            // it sets a warehouse, or all of them, to false
}

func (c Caller) closes() closes {
	var out closes
	for name, value := range c {
		folded := names.Fold(name)
		warehouse := folded == foldedWarehouses
		switch {
		case !isFalse(value) && !(warehouse && isNoWarehouses(value)):
		case folded == foldedAll:
			out.all = true
		default:
			if out.off == nil {
				out.off = make(map[string]bool)
			}
			out.off[folded] = true
			out.warehouses = out.warehouses || warehouse || warehouses[folded]
		}
	}
	return out
}

// names reports whether the caller has an entry for the name that does not close it.
func (c Caller) names(name string) bool {
	value, ok := c[name]
	return ok && !isFalse(value) && !(name == Warehouses && isNoWarehouses(value))
}

// isFalse reports whether a plain JSON value is false. Segment takes any other value,
// null and 0 included, as true.
func isFalse(value any) bool {
	switch value := value.(type) {
	case bool:
		return !value
	case json.RawMessage:
		return strings.TrimSpace(string(value)) == "false"
	default:
		return false
	}
}

// isNoWarehouses reports whether a value is {"all": false}, which closes warehouses.
func isNoWarehouses(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return isFalse(value["all"])
	case map[string]bool:
		all, ok := value["all"]
		return ok && !all
	case json.RawMessage:
		var options map[string]json.RawMessage // a key in another casing is another key
		return json.Unmarshal(value, &options) == nil && isFalse(options["all"])
	default:
		return false
	}
}

// Narrow returns d without what the caller closes, and the indexes of the verdicts that
// it changed or added. What cannot be closed stays open: storage, and one warehouse
// without the others. If d allows unlisted destinations, those that the caller names get
// their own verdict if it differs from that of the rest.
func (d Decision) Narrow(caller Caller) (narrowed Decision, changed []int) {
	closes := caller.closes()
	narrowed = Decision{slices.Clone(d.Verdicts), d.Unlisted && !closes.all, d.Denied}
	kinds := d.kinds()
	named, off := make(map[string]bool), make(map[string]bool) // by primary name
	warehousesOff := closes.warehouses || closes.all && !caller.names(Warehouses)
	for _, v := range d.Verdicts {
		named[v.Primary] = named[v.Primary] || caller.names(v.Name)
		off[v.Primary] = off[v.Primary] || closes.off[names.Fold(v.Name)]
		warehousesOff = warehousesOff || off[v.Primary] && kinds[v.Primary].warehouse
	}
	if slices.ContainsFunc(d.Verdicts, func(v Verdict) bool { return v.Name == Warehouses && kinds[v.Primary].storage }) {
		warehousesOff = false // another name of a destination that cannot be closed
	}
	changed = narrowed.deny(func(v Verdict) bool {
		switch k := kinds[v.Primary]; {
		case k.storage:
			return false
		case k.warehouse:
			return warehousesOff
		default:
			return off[v.Primary] || closes.all && !named[v.Primary]
		}
	})
	if d.Unlisted {
		changed = append(changed, narrowed.addUnlisted(caller, closes, warehousesOff)...)
	}
	return narrowed, changed
}

// addUnlisted adds the verdicts of names that only the caller uses.
func (d *Decision) addUnlisted(caller Caller, closes closes, warehousesOff bool) (added []int) {
	listed, denied := make(map[string]bool), make(map[string]bool)
	for _, v := range d.Verdicts {
		listed[v.Name] = true
		if !v.Allowed {
			denied[names.Fold(v.Name)] = true
		}
	}
	for _, name := range d.Denied {
		denied[names.Fold(name)] = true
	}
	add := func(name string, allowed bool) {
		added = append(added, len(d.Verdicts))
		d.Verdicts = append(d.Verdicts, Verdict{name, name, allowed})
		listed[name] = true
	}
	for name := range caller {
		folded := names.Fold(name)
		switch {
		case listed[name] || folded == "" || Reserved(name) || folded == foldedLegacy || Unstoppable(name):
		case isWarehouse(name):
			if warehousesOff {
				add(name, false)
			} else if closes.all && !d.deniesWarehouse() && name == Warehouses {
				add(name, true) // the caller has opened it, or they would be off
			}
		case denied[folded] || closes.off[folded]:
			add(name, false) // may be the right spelling of a name that the visitor denied
		case closes.all:
			add(name, true)
		}
	}
	if warehousesOff && !listed[Warehouses] {
		add(Warehouses, false)
	}
	return added
}
