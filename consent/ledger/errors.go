package ledger

import "errors"

var (
	// ErrConfig is the error of a configuration that New or NewAccounts refuses.
	ErrConfig = errors.New("ledger: bad configuration")
	// ErrRecord is the error of a Record that cannot be appended. It holds nothing of it.
	ErrRecord = errors.New("ledger: not a record to append")
	// ErrTampered is the error of a ledger that somebody changed. It names the records by
	// number, and holds nothing of them.
	ErrTampered = errors.New("ledger: not as it was written")
	// ErrFull is the error of a record that was lost because too many wait for the Store.
	ErrFull = errors.New("ledger: too many records wait to be written")
	// ErrClosed is the error of a record that came after Close.
	ErrClosed = errors.New("ledger: closed")
)
