// Package segment holds everything that is specific to Segment, on plain values: the
// special names, the integrations and consent objects of a message, what neither can
// stop, and where Segment delivers an event according to its documentation.
package segment

import (
	"slices"

	"github.com/go-consent/segment/internal/names"
)

// A Verdict is what was decided about one name of a destination.
type Verdict struct {
	Name    string
	Primary string // the same for every name of a destination
	Allowed bool
}

// A Decision is a Verdict for each name, and whether other names are allowed.
type Decision struct {
	Verdicts []Verdict
	Unlisted bool
	Denied   []string // names that the visitor denied, with or without a Verdict
}

// A Suppression is why a message is suppressed; the zero value means that it is sent.
type Suppression uint8

// Why a message is suppressed.
const (
	Leaves         Suppression = iota
	NothingAllowed             // no destination may see it
	CannotStop                 // a denied destination is one that the integrations object cannot stop
)

// Settle denies the warehouses of d that cannot be allowed, since the integrations
// object opens and closes all of them together, and returns their indexes. It changes
// d.
func (d *Decision) Settle() (closed []int) {
	if d.Unlisted && !d.deniesWarehouse() || d.opensWarehouses() {
		return nil
	}
	kinds := d.kinds()
	return d.deny(func(v Verdict) bool { return kinds[v.Primary].warehouse })
}

// Suppression returns whether and why a message is suppressed under d, after Settle.
func (d Decision) Suppression() Suppression {
	if !d.Unlisted && !slices.ContainsFunc(d.Verdicts, func(v Verdict) bool { return v.Allowed }) {
		return NothingAllowed
	}
	kinds := d.kinds()
	warehouses := d.opensWarehouses()
	for _, v := range d.Verdicts {
		if k := kinds[v.Primary]; !v.Allowed && (k.storage || k.warehouse && warehouses) {
			return CannotStop
		}
	}
	return Leaves
}

// opensWarehouses reports whether d allows the name that opens warehouses.
func (d Decision) opensWarehouses() bool {
	return slices.ContainsFunc(d.Verdicts, func(v Verdict) bool { return v.Allowed && v.Name == Warehouses })
}

func (d Decision) deniesWarehouse() bool {
	kinds := d.kinds()
	return slices.ContainsFunc(d.Verdicts, func(v Verdict) bool { return !v.Allowed && kinds[v.Primary].warehouse })
}

// deny denies the allowed verdicts that match, and returns their indexes.
func (d *Decision) deny(match func(Verdict) bool) (denied []int) {
	for i, v := range d.Verdicts {
		if v.Allowed && match(v) {
			d.Verdicts[i].Allowed = false
			denied = append(denied, i)
		}
	}
	return denied
}

// A kind says how the integrations object affects a destination. If any of its names
// is of a kind, the destination is.
type kind struct{ storage, warehouse bool }

func (d Decision) kinds() map[string]kind {
	var kinds map[string]kind // few policies have any
	for _, v := range d.Verdicts {
		storage, warehouse := Unstoppable(v.Name), isWarehouse(v.Name)
		if !storage && !warehouse {
			continue
		}
		if kinds == nil {
			kinds = make(map[string]kind)
		}
		k := kinds[v.Primary]
		k.storage = k.storage || storage
		k.warehouse = (k.warehouse || warehouse) && !k.storage // nothing closes storage
		kinds[v.Primary] = k
	}
	return kinds
}

// isWarehouse reports whether the name stands for warehouses, one kind of them or all.
func isWarehouse(name string) bool {
	folded := names.Fold(name)
	return folded == foldedWarehouses || warehouses[folded]
}
