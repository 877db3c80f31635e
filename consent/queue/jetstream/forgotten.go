package jetstream

import (
	"maps"
	"strings"
	"sync"
	"time"
)

// A forgotten is what Forget has removed lately. In a cluster, the server that delivers may be
// behind the one that removed.
type forgotten struct {
	mu      sync.Mutex
	removed map[string]removal // by subject, with a wildcard
}

type removal struct {
	last uint64 // the sequence of the newest message then
	at   time.Time
}

// add adds the subjects of a person.
func (f *forgotten) add(subjects []string, last uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(f.removed, func(_ string, r removal) bool { return now.Sub(r.at) > patience })
	if f.removed == nil {
		f.removed = make(map[string]removal)
	}
	for _, subject := range subjects {
		f.removed[subject] = removal{last, now}
	}
}

// has reports whether a message was removed.
func (f *forgotten) has(subject string, sequence uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.removed) == 0 {
		return false
	}
	tokens := strings.Split(subject, ".")
	if len(tokens) != 3 {
		return false
	}
	return sequence <= max(f.removed[tokens[0]+"."+tokens[1]+".*"].last, f.removed[tokens[0]+".*."+tokens[2]].last)
}
