// Package memo caches results computed from untrusted input.
package memo

import (
	"hash/maphash"
	"sync/atomic"
)

// A Cache keeps values by key, as many as it has slots for. A key may be in two
// slots, and replaces what is there: a stranger who sends a new key each time causes
// an occasional recomputation for others, but no memory growth. Which keys share
// slots differs from process to process. It has no lock, and may be used by many
// goroutines at once.
type Cache[K comparable, V any] struct {
	seed  maphash.Seed
	slots []slot[K, V] // a power of two
}

// A slot holds an entry, and parts of hashes, which show without reading the entry
// that most other keys are not in it. The entry and its part are not stored
// atomically: if they differ, the key is compared, or missed and put again.
type slot[K comparable, V any] struct {
	entry atomic.Pointer[entry[K, V]]
	kept  atomic.Uint32 // of its key
	asked atomic.Uint32 // of the last key that was missing, whose first slot this is
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns a Cache that holds at most size bytes if no entry, its key included,
// holds more than entrySize.
func New[K comparable, V any](size, entrySize int) *Cache[K, V] {
	slots := 2
	for slots*2*entrySize <= size {
		slots *= 2
	}
	return &Cache[K, V]{maphash.MakeSeed(), make([]slot[K, V], slots)}
}

// Get returns the value for key, if it is cached. If not, again reports whether key
// was missing before, without too many other misses since: if a value is expensive to
// keep, keep only keys that come again, as most untrusted ones never do.
func (c *Cache[K, V]) Get(key K) (value V, ok, again bool) {
	first, second, mark := c.find(key)
	for _, s := range [2]*slot[K, V]{first, second} {
		if s.kept.Load() != mark {
			continue
		}
		if e := s.entry.Load(); e != nil && e.key == key {
			return e.value, true, true
		}
	}
	if first.asked.Load() == mark {
		return value, false, true
	}
	first.asked.Store(mark)
	return value, false, false
}

// Put stores a value in the first slot of its key, and moves the previous entry to
// the second. A key that is a small part of a large string keeps all of it in memory:
// clone it first.
func (c *Cache[K, V]) Put(key K, value V) {
	first, second, mark := c.find(key)
	if before := first.entry.Load(); before != nil && before.key != key {
		second.entry.Store(before)
		second.kept.Store(first.kept.Load())
	}
	first.entry.Store(&entry[K, V]{key, value})
	first.kept.Store(mark)
}

// find returns the slots of a key, one by its hash and the one beside it, and another
// part of the hash.
func (c *Cache[K, V]) find(key K) (first, second *slot[K, V], mark uint32) {
	hash := maphash.Comparable(c.seed, key)
	i := hash & uint64(len(c.slots)-1)
	return &c.slots[i], &c.slots[i^1], uint32(hash >> 32)
}
