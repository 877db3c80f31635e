// Package memo keeps what was computed from what strangers send.
package memo

import (
	"hash/maphash"
	"sync/atomic"
)

// A Cache keeps values by key, as many as it has slots for. A key has two slots it
// may be in, and takes the place of what is there: a stranger who sends a new key
// each time costs others a computation now and then, and memory nothing. Which keys
// share slots differs from process to process. It has no lock, and may be used by
// many goroutines at once.
type Cache[K comparable, V any] struct {
	seed  maphash.Seed
	slots []atomic.Pointer[entry[K, V]] // a power of two
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
	return &Cache[K, V]{maphash.MakeSeed(), make([]atomic.Pointer[entry[K, V]], slots)}
}

// Get returns the value that was kept for key, if it still is.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	first, second := c.pair(key)
	if e := first.Load(); e != nil && e.key == key {
		return e.value, true
	}
	if e := second.Load(); e != nil && e.key == key {
		return e.value, true
	}
	return value, false
}

// Put keeps a value in the first slot of its key, and what was there in the second:
// of those that share the two, the last stay. A key that is a small part of a large
// string keeps all of it in memory: clone it first.
func (c *Cache[K, V]) Put(key K, value V) {
	first, second := c.pair(key)
	if before := first.Load(); before != nil && before.key != key {
		second.Store(before)
	}
	first.Store(&entry[K, V]{key, value})
}

// pair returns the slots of a key: one by its hash and the one beside it.
func (c *Cache[K, V]) pair(key K) (first, second *atomic.Pointer[entry[K, V]]) {
	i := maphash.Comparable(c.seed, key) & uint64(len(c.slots)-1)
	return &c.slots[i], &c.slots[i^1]
}
