package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ids are anonymous ids that tell the shop, and nobody else, which device they are of: the
// number of the device is encrypted in them. So an event that waits can be asked about after a
// restart, and Segment cannot see which ids are of one device.
type ids struct{ box cipher.AEAD }

// openIDs returns ids with the key in a directory, which is made if there is none.
func openIDs(dir string) (ids, error) {
	name := filepath.Join(dir, "ids.key")
	key, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never an error
		err = os.WriteFile(name, key, 0o600)
	}
	if err != nil {
		return ids{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return ids{}, fmt.Errorf("%s is no key: %w", name, err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	return ids{box}, err
}

// of returns an id for a device, a new one each time.
func (i ids) of(device string) string {
	return base64.RawURLEncoding.EncodeToString(i.box.Seal(nil, nil, []byte(device), nil))
}

// deviceOf returns the device of an id, or "" if it is none of these.
func (i ids) deviceOf(id string) string {
	sealed, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return ""
	}
	device, err := i.box.Open(nil, nil, sealed, nil)
	if err != nil {
		return ""
	}
	return string(device)
}
