package jetstream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const sharingViolation = syscall.Errno(32)

// lock locks a directory, which it creates: nobody else can open the file meanwhile. The
// operating system unlocks it when the process dies.
func lock(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("jetstream: the directory: %w", err)
	}
	name, err := syscall.UTF16PtrFromString(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("jetstream: the lock: %w", err)
	}
	const notShared = 0
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, notShared, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, sharingViolation):
		return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
	case err != nil:
		return nil, fmt.Errorf("jetstream: the lock: %w", err)
	}
	return func() error { return syscall.CloseHandle(h) }, nil
}

// syncDir does nothing: Windows cannot sync a directory.
func syncDir(string) error { return nil }
