package jetstream

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"

	"github.com/go-consent/segment/consent/queue"
)

// nobody is the token of an id that a message does not have. It is no hash.
const nobody = "-"

// Hashes make the tokens of subjects: 128 bits of an HMAC-SHA256 each, of which equal ids of
// different kinds have different ones.
type hashes struct{ pool sync.Pool }

func newHashes(key []byte) *hashes {
	key = append([]byte(nil), key...)
	return &hashes{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// The kinds of ids.
const (
	ofUser      = 'u'
	ofAnonymous = 'a'
	ofPrevious  = 'p' // of an Alias, which may be of a user or anonymous
	ofKey       = 'k' // to tell keys apart
)

func (h *hashes) token(kind byte, id string) string {
	if id == "" {
		return nobody
	}
	mac := h.pool.Get().(hash.Hash)
	defer h.pool.Put(mac)
	mac.Reset()
	var room [128]byte
	mac.Write(append(append(room[:0], kind), id...))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(room[:0])[:16])
}

// subject returns the subject of a message in the stream of that name.
func (h *hashes) subject(name string, e queue.Envelope) string {
	second := h.token(ofAnonymous, e.AnonymousID)
	if e.PreviousID != "" {
		second = h.token(ofPrevious, e.PreviousID)
	}
	return name + "." + h.token(ofUser, e.UserID) + "." + second
}

// about returns the subjects of all messages about a person.
func (h *hashes) about(name string, p queue.Person) (subjects []string) {
	if p.UserID != "" {
		subjects = append(subjects, name+"."+h.token(ofUser, p.UserID)+".*", name+".*."+h.token(ofPrevious, p.UserID))
	}
	if p.AnonymousID != "" {
		subjects = append(subjects, name+".*."+h.token(ofAnonymous, p.AnonymousID), name+".*."+h.token(ofPrevious, p.AnonymousID))
	}
	return subjects
}

// fingerprint tells keys apart, and tells nothing else of them.
func (h *hashes) fingerprint() string { return h.token(ofKey, "fingerprint") }
