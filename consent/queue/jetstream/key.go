package jetstream

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keySize = 32

// readKey returns the key of a directory: the one that is given, or that of the file, which
// is made where there are no events yet.
func readKey(dir string, given []byte) ([]byte, error) {
	if len(given) > 0 {
		return given, nil
	}
	name := filepath.Join(dir, "key")
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Join(dir, storeDir)); err == nil {
			return nil, fmt.Errorf("%w: %s is missing, and there are events", ErrKey, name)
		}
		return makeKey(name)
	case err != nil:
		return nil, fmt.Errorf("jetstream: the key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) < keySize {
		return nil, fmt.Errorf("%w: %s is damaged", ErrKey, name)
	}
	return key, nil
}

// makeKey writes a new key, so that it is there when the first event is.
func makeKey(name string) ([]byte, error) {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	err := func() error {
		f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		_, err = f.WriteString(hex.EncodeToString(key) + "\n")
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		if err := os.Rename(name+".new", name); err != nil {
			return err
		}
		return syncDir(filepath.Dir(name))
	}()
	if err != nil {
		return nil, fmt.Errorf("jetstream: the key: %w", err)
	}
	return key, nil
}
