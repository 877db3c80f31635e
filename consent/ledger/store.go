package ledger

import (
	"context"
	"slices"
)

// A Store keeps the rows of a Ledger and the keys of persons. Package sqlledger has one for
// SQLite and Postgres; [Memory] is one. To check your own Store against these rules, use
// TestStore of package conformance.
//
// A Store does not interpret what it keeps. All methods may be called from many goroutines
// and, if the Store is shared, processes at once. An error means that nothing was changed, or
// that it is not known whether it was. No error contains data of a row.
type Store interface {
	// Append appends the rows that next returns, all or none. next is called with the newest
	// row's number and hash, which are 0 and nil in an empty Store, and with the key of each
	// name in keys: the one that the Store already has, or else the one in keys, which it
	// then stores. Until Append returns, nobody else appends or erases. If next fails, Append
	// changes nothing, stores no key, and returns its error. When it returns nil, rows and
	// keys survive a crash.
	//
	// A Store may serve several calls of Append in one transaction; next must not call the
	// Store, and may be called again if a transaction has to be repeated.
	Append(ctx context.Context, keys map[string][]byte, next func(last int64, hash []byte, keys map[string][]byte) ([]Row, error)) error

	// Erase removes the personal data (Device, Account and Personal) of the rows with those
	// numbers, and the keys that no row uses any more: see [Row.Keys]. It passes the numbers
	// of the rows that had something to remove, ascending, to next, and appends the row that
	// next returns, in the same transaction. If there are none, next is not called. As far as
	// the Store can, it leaves no removed data on disk.
	Erase(ctx context.Context, sequences []int64, next func(last int64, hash []byte, erased []int64) (Row, error)) error

	// Last returns the number and the hash of the newest row, 0 and nil if there is none.
	Last(ctx context.Context) (sequence int64, hash []byte, err error)

	// Rows returns the rows after a number, in order, at most limit of them.
	Rows(ctx context.Context, after int64, limit int) ([]Row, error)

	// Find returns the rows that match q, newest first, at most limit of them.
	Find(ctx context.Context, q Query, limit int) ([]Row, error)

	// Keys returns the keys of those names that the Store has.
	Keys(ctx context.Context, names []string) (map[string][]byte, error)
}

// A Row is a Record as a Store keeps it. It never changes, except for what Erase removes.
type Row struct {
	Sequence int64
	Recorded int64  // microseconds since 1970, UTC
	Kind     string // of the Record, as its Scope
	Scope    string
	Device   string // an id, or "" for none and once erased; so is Account
	Account  string
	Personal []byte // nil once erased
	Seal     []byte // of Device, Account and Personal, under the keys of the persons
	Open     []byte // the data of the Record that is not personal
	Hash     []byte // of everything but Device, Account and Personal, and of the row before
}

// Keys returns the names of the keys under which r is sealed: one for its device and one
// for its account.
func (r Row) Keys() []string {
	var names []string
	if r.Device != "" {
		names = append(names, "device:"+r.Device)
	}
	if r.Account != "" {
		names = append(names, "account:"+r.Account)
	}
	return names
}

// A Query says which rows Find returns. Zero fields are ignored.
type Query struct {
	Device, Account string
	Kinds           []string // one of these
	Scope           string
	Since, Until    int64 // Recorded is Since or later, and before Until
	After, Before   int64 // Sequence is higher than After, and lower than Before
}

// Matches reports whether Find returns a row like r.
func (q Query) Matches(r Row) bool {
	return (q.Device == "" || r.Device == q.Device) &&
		(q.Account == "" || r.Account == q.Account) &&
		(len(q.Kinds) == 0 || slices.Contains(q.Kinds, r.Kind)) &&
		(q.Scope == "" || r.Scope == q.Scope) &&
		(q.Since == 0 || r.Recorded >= q.Since) &&
		(q.Until == 0 || r.Recorded < q.Until) &&
		(q.After == 0 || r.Sequence > q.After) &&
		(q.Before == 0 || r.Sequence < q.Before)
}
