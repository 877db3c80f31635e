package ledger

import (
	"context"
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

// whose returns the ruling for a key, with Answers of its own.
func (a *Accounts) whose(ctx context.Context, key cacheKey) (Ruling, error) {
	waiting := a.writer.ofDevice(key.person.Device)
	if len(waiting) > 0 {
		return a.ledger.whose(ctx, a.options.Policy, key.device, key.person, waiting)
	}
	now, versions := a.ledger.now(), a.writer.versions.of(key.person)
	kept, _ := ctx.Value(keptKey{a}).(*kept)
	ruling, found := kept.ruling(key, versions)
	if !found {
		var err error
		if ruling, err = a.cached(ctx, key, versions, now); err != nil {
			return Ruling{}, err
		}
		kept.keep(key, versions, ruling)
	}
	ruling.Answers = slices.Clone(ruling.Answers)
	return ruling, nil
}

// cached returns the ruling for a key, from the cache if there is one.
func (a *Accounts) cached(ctx context.Context, key cacheKey, versions [2]uint64, now time.Time) (Ruling, error) {
	read := func() (Ruling, error) { return a.ledger.Whose(ctx, a.options.Policy, key.device, key.person) }
	if a.cache == nil {
		return read()
	}
	entry, found, again := a.cache.Get(key)
	if found && entry.versions == versions && now.Before(entry.until) {
		return entry.ruling, nil
	}
	ruling, err := read()
	if err == nil && again && key.small() {
		a.cache.Put(key, cached{ruling, now.Add(a.options.CacheFor), versions})
	}
	return ruling, err
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
