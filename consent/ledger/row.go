package ledger

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-consent/segment/consent"
)

// The stored bytes are hashed, so a later version may write a different format and still
// verify what this one wrote. Every hash includes version.
const version = 1

// open is the data of a Record that is not personal and has no column.
type open struct {
	Source        string     `json:"source,omitempty"`
	Method        string     `json:"method,omitempty"`
	Notice        string     `json:"notice,omitempty"`
	NoticeVersion string     `json:"noticeVersion,omitempty"`
	Shown         string     `json:"shown,omitempty"` // SHA-256, hexadecimal
	Policy        string     `json:"policy,omitempty"`
	Given         int64      `json:"given,omitempty"` // microseconds, as ValidUntil
	ValidUntil    int64      `json:"validUntil,omitempty"`
	Erased        [][2]int64 `json:"erased,omitempty"` // from and to, both included
}

// personal is the data of a Record that is erased with the person, besides the ids.
type personal struct {
	State        consent.State `json:"state"`
	Language     string        `json:"language,omitempty"`
	Region       string        `json:"region,omitempty"`
	RegionSource string        `json:"regionSource,omitempty"`
	TC           string        `json:"tc,omitempty"`
	GPP          string        `json:"gpp,omitempty"`
}

// row returns r as a row, without its number, seal and hash.
func (r Record) row() (Row, error) {
	o := open{
		Source: r.Source, Method: r.Method,
		Notice: r.Notice.ID, NoticeVersion: r.Notice.Version,
		Policy: r.Policy,
		Given:  micros(r.Given), ValidUntil: micros(r.ValidUntil),
	}
	if r.Notice.Shown != ([32]byte{}) {
		o.Shown = hex.EncodeToString(r.Notice.Shown[:])
	}
	opened, err := json.Marshal(o)
	if err != nil {
		return Row{}, err
	}
	body, err := json.Marshal(personal{r.State, r.Language, r.Region, r.RegionSource, r.TC, r.GPP})
	if err != nil {
		return Row{}, err
	}
	return Row{
		Recorded: micros(r.Recorded), Kind: string(r.Kind), Scope: string(r.Scope),
		Device: r.Device, Account: r.Account, Personal: body, Open: opened,
	}, nil
}

// record returns the Record of a row. It does not verify it.
func (r Row) record() (Record, error) {
	var o open
	var p personal
	if err := json.Unmarshal(r.Open, &o); err != nil {
		return Record{}, r.tampered("cannot be read")
	}
	if r.Personal != nil {
		if err := json.Unmarshal(r.Personal, &p); err != nil {
			return Record{}, r.tampered("cannot be read")
		}
	}
	record := Record{
		Sequence: r.Sequence, Kind: Kind(r.Kind), Scope: Scope(r.Scope),
		Device: r.Device, Account: r.Account, State: p.State,
		Source: o.Source, Method: o.Method,
		Notice: Notice{ID: o.Notice, Version: o.NoticeVersion}, Policy: o.Policy,
		Language: p.Language, Region: p.Region, RegionSource: p.RegionSource, TC: p.TC, GPP: p.GPP,
		Given: fromMicros(o.Given), Recorded: fromMicros(r.Recorded), ValidUntil: fromMicros(o.ValidUntil),
		Erased: r.erased(),
	}
	shown, err := hex.DecodeString(o.Shown)
	if err != nil || len(shown) != 0 && len(shown) != len(record.Notice.Shown) {
		return Record{}, r.tampered("cannot be read")
	}
	copy(record.Notice.Shown[:], shown)
	return record, nil
}

// erased reports whether personal data was removed from r.
func (r Row) erased() bool { return len(r.Seal) > 0 && r.Personal == nil }

// seal returns the HMAC of the personal data of r under the keys of its persons, which
// reveals nothing once one of the keys is erased. It is nil if r names nobody, or if a
// key is missing.
func (r Row) seal(keys map[string][]byte) []byte {
	names := r.Keys()
	if len(names) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, nil)
	for i, name := range names {
		key := keys[name]
		if len(key) == 0 {
			return nil
		}
		if i > 0 {
			key = append(mac.Sum(nil), key...)
		}
		mac = hmac.New(sha256.New, key)
		for _, part := range [][]byte{[]byte(r.Device), []byte(r.Account), r.Personal} {
			writePart(mac, part)
		}
	}
	return mac.Sum(nil)
}

// sealed reports whether the seal of r was made with these keys.
func (r Row) sealed(keys map[string][]byte) bool { return hmac.Equal(r.Seal, r.seal(keys)) }

// hash returns the hash of r, given the hash of the row before it.
func (r Row) hash(before []byte) []byte {
	h := sha256.New()
	for _, number := range [...]int64{version, r.Sequence, r.Recorded} {
		writeNumber(h, number)
	}
	for _, part := range [][]byte{before, []byte(r.Kind), []byte(r.Scope), r.Seal, r.Open} {
		writePart(h, part)
	}
	return h.Sum(nil)
}

func writeNumber(w interface{ Write([]byte) (int, error) }, number int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(number))
	w.Write(b[:])
}

// writePart writes a part after its length, so that different lists of parts never write
// the same bytes.
func writePart(w interface{ Write([]byte) (int, error) }, part []byte) {
	writeNumber(w, int64(len(part)))
	w.Write(part)
}

// chain numbers the rows after a row, seals them and hashes them.
func chain(rows []Row, last int64, hash []byte, keys map[string][]byte) error {
	for i := range rows {
		r := &rows[i]
		last++
		r.Sequence = last
		if r.Seal = r.seal(keys); r.Seal == nil && len(r.Keys()) > 0 {
			return errors.New("ledger: the Store has no key for a person")
		}
		hash = r.hash(hash)
		r.Hash = hash
	}
	return nil
}

// verify returns what is wrong with r, given the hash of the row before it.
func (r Row) verify(before []byte, keys map[string][]byte) error {
	if !bytes.Equal(r.Hash, r.hash(before)) {
		return r.tampered("its hash does not match")
	}
	if r.Personal == nil {
		if len(r.Keys()) > 0 {
			return r.tampered("it names a person and holds no answer")
		}
		return nil
	}
	if !r.sealed(keys) {
		return r.tampered("its seal does not match, or a key is missing")
	}
	return nil
}

func (r Row) tampered(how string) error {
	return fmt.Errorf("%w: record %d: %s", ErrTampered, r.Sequence, how)
}

// newKeys returns a new key for each person that the rows name.
func newKeys(rows []Row) map[string][]byte {
	keys := make(map[string][]byte)
	for _, r := range rows {
		for _, name := range r.Keys() {
			if keys[name] == nil {
				keys[name] = make([]byte, 32)
				rand.Read(keys[name])
			}
		}
	}
	return keys
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
