package ledger

import (
	"hash/maphash"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/memo"
)

// cacheKey is what a ruling depends on besides the ledger.
type cacheKey struct {
	device consent.State
	person Person
}

type cached struct {
	ruling   Ruling
	until    time.Time
	versions [2]uint64 // of the device and of the account
}

// A cache holds at most a few MiB, whatever arrives.
const (
	cacheSize = 4 << 20
	entrySize = 1 << 10
)

func newCache() *memo.Cache[cacheKey, cached] {
	return memo.New[cacheKey, cached](cacheSize, entrySize)
}

// cachedRuling returns the ruling for a key, with Answers of its own.
func (a *Accounts) cachedRuling(key cacheKey, read func() (Ruling, error)) (Ruling, error) {
	now, versions := a.ledger.now(), a.writer.versions.of(key.person)
	entry, found, again := a.cache.Get(key)
	if !found || entry.versions != versions || !now.Before(entry.until) {
		ruling, err := read()
		if err != nil {
			return Ruling{}, err
		}
		entry = cached{ruling, now.Add(a.options.CacheFor), versions}
		if again && key.small() {
			a.cache.Put(key, entry)
		}
	}
	entry.ruling.Answers = slices.Clone(entry.ruling.Answers)
	return entry.ruling, nil
}

// small reports whether an entry under this key is within entrySize, approximately.
func (k cacheKey) small() bool {
	return len(k.device.String())+len(k.person.Device)+len(k.person.Account) < entrySize/2
}

// versions count the records about devices and accounts, so that a record invalidates
// older entries. Persons share counters, which only causes extra reads.
type versions struct {
	seed   maphash.Seed
	counts [1 << 12]atomic.Uint64
}

func (v *versions) of(p Person) [2]uint64 {
	return [2]uint64{v.slot(p.Device, "").Load(), v.slot("", p.Account).Load()}
}

func (v *versions) raise(p Person) {
	v.slot(p.Device, "").Add(1)
	v.slot("", p.Account).Add(1)
}

func (v *versions) slot(device, account string) *atomic.Uint64 {
	hash := maphash.Comparable(v.seed, Person{device, account})
	return &v.counts[hash%uint64(len(v.counts))]
}
