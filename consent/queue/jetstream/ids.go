package jetstream

import (
	"crypto/rand"
	"strconv"
	"sync/atomic"
)

// Ids make the ids that the broker tells messages apart by: one for each Put.
type ids struct {
	prefix string
	count  *atomic.Uint64
}

func newIDs() ids { return ids{rand.Text()[:12], new(atomic.Uint64)} }

func (i ids) next() string { return i.prefix + strconv.FormatUint(i.count.Add(1), 36) }
