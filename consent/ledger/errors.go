package ledger

import "errors"

var (
	// ErrConfig is the error of a configuration that New or NewAccounts refuses.
	ErrConfig = errors.New("ledger: bad configuration")
	// ErrRecord is the error of a Record that cannot be appended. It contains no data of
	// the record.
	ErrRecord = errors.New("ledger: invalid record")
	// ErrTampered is the error of a ledger that somebody changed. It names records by
	// number, and contains none of their data.
	ErrTampered = errors.New("ledger: not as it was written")
	// ErrFull is the error of a record that was lost because too many wait for the Store.
	ErrFull = errors.New("ledger: too many records wait to be written")
	// ErrClosed is the error of a record that came after Close.
	ErrClosed = errors.New("ledger: closed")
)
