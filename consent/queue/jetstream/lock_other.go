//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package jetstream

import (
	"errors"
	"fmt"
)

// lock refuses: there is no lock that ends with the process.
func lock(string) (func() error, error) {
	return nil, fmt.Errorf("%w: on this system a Dir cannot be locked; use a URL", ErrConfig)
}

func syncDir(string) error { return errors.ErrUnsupported }
