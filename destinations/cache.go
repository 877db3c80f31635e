package destinations

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/go-consent/segment/consent"
)

// A cache keeps the decisions about States seen before: most visitors give one of a
// few answers. An answer has two slots it may be in, and takes the place of what is
// there, so that a visitor who sends a new one each time costs others a decision now
// and then, and memory nothing.
type cache struct {
	seed  maphash.Seed
	slots []atomic.Pointer[decided] // a power of two
}

type decided struct {
	state    consent.State
	decision consent.Decision
}

// What is kept: by far most answers are smaller than that.
const (
	cacheSize      = 4 << 20 // bytes, of all slots together
	maxCachedState = 2 << 10 // bytes, of its text
	maxCachedOwn   = 16      // verdicts on destinations that only the visitor names
	verdictSize    = 72
)

func newCache(verdicts int) cache {
	entry := 256 + maxCachedState + (verdicts+maxCachedOwn)*verdictSize
	slots := 2
	for slots*2*entry <= cacheSize {
		slots *= 2
	}
	return cache{maphash.MakeSeed(), make([]atomic.Pointer[decided], slots)}
}

// pair returns the slots of a State: one by its hash and the one beside it.
func (c *cache) pair(s consent.State) (first, second *atomic.Pointer[decided]) {
	i := maphash.String(c.seed, s.String()) & uint64(len(c.slots)-1)
	return &c.slots[i], &c.slots[i^1]
}

func (c *cache) get(s consent.State) (consent.Decision, bool) {
	first, second := c.pair(s)
	if d := first.Load(); d != nil && d.state == s {
		return d.decision, true
	}
	if d := second.Load(); d != nil && d.state == s {
		return d.decision, true
	}
	return consent.Decision{}, false
}

// put keeps the decision in the first slot, and what was there in the second: of the
// answers that share them, those seen last stay.
func (c *cache) put(s consent.State, d consent.Decision) {
	first, second := c.pair(s)
	if before := first.Load(); before != nil {
		second.Store(before)
	}
	first.Store(&decided{s, d})
}
