package preferences

import "errors"

var (
	// ErrNoPolicy is the error of a [Handler] without a Policy, which does not know what an
	// answer may name.
	ErrNoPolicy = errors.New("preferences: no Policy to take answers for")
	// ErrPolicy is the error of a Policy that allows something that needs consent whatever
	// the cookie holds.
	ErrPolicy = errors.New("preferences: a Policy under which no cookie denies everything")
	// ErrHost is the error of a request whose public host is unknown, since Host returns none
	// or the Origin header is of another site, and of one that the browser marks as cross-site.
	ErrHost = errors.New("preferences: the public host is not known, see Handler.Host")
	// ErrOnAnswer is the error of an OnAnswer that panicked. It names the type of the panic
	// value.
	ErrOnAnswer = errors.New("preferences: OnAnswer panicked")
	// ErrCodec is the error of a Codec that does not read what it writes.
	ErrCodec = errors.New("preferences: the Codec does not read the answer that it writes")
	// ErrShortened is the error of a denial that did not fit the cookie and was kept
	// without some of the visitor's grants, or as a denial of more.
	ErrShortened = errors.New("preferences: a denial was shortened to fit the cookie")
)
