package preferences

import "errors"

var (
	// ErrNoPolicy is the error of a [Handler] without a Policy, which does not know what
	// an answer may be about.
	ErrNoPolicy = errors.New("preferences: no Policy to take answers for")
	// ErrNoRouter is the error of a [Handler] without a Router to tell of an answer.
	ErrNoRouter = errors.New("preferences: no Router to tell")
)
