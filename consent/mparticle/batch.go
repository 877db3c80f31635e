package mparticle

import (
	"crypto/rand"
	"strings"
)

// A batch is events of one user, under one consent state.
type batch struct {
	id      string // by which mParticle knows what arrives twice
	entries []entry
	size    int // in bytes, at most
	err     error
}

// size returns how many bytes a batch of the entry alone has, at most.
func (e entry) size() int { return len(e.head) + len(e.consent) + len(e.event) + batchOverhead }

// takes reports whether the entry may be in the batch.
func (b *batch) takes(e entry) bool {
	first := b.entries[0]
	return first.head == e.head && first.state == e.state && b.size+len(e.event)+1 <= maxBatch
}

// text returns the batch as JSON.
func (b *batch) text() string {
	var events []string
	for _, e := range b.entries {
		if e.event != "" {
			events = append(events, e.event)
		}
	}
	last := b.entries[len(b.entries)-1]
	text := `{"source_request_id":"` + b.id + `",` + last.head[1:len(last.head)-1] + `,"consent_state":` + last.consent
	if len(events) > 0 {
		text += `,"events":[` + strings.Join(events, ",") + `]`
	}
	return text + "}"
}

func request(batches []*batch) []byte {
	texts := make([]string, len(batches))
	for i, b := range batches {
		texts[i] = b.text()
	}
	return []byte("[" + strings.Join(texts, ",") + "]")
}

// assemble makes batches of the first entries, as many as one request may have, and returns
// how many entries are in them. A user has one consent state in a request, since nobody says in
// which order mParticle reads its batches.
func assemble(entries []entry) (batches []*batch, n int) {
	latest := make(map[string]*batch) // of each identity
	size := 2
	for n < len(entries) && n < maxEvents {
		e := entries[n]
		b, conflict := latestOf(latest, e)
		if conflict {
			return batches, n
		}
		if b != nil && b.takes(e) && size+len(e.event)+1 <= maxRequest {
			b.entries, b.size, size = append(b.entries, e), b.size+len(e.event)+1, size+len(e.event)+1
			n++
			continue
		}
		if n > 0 && size+e.size() > maxRequest || len(batches) == maxBatches {
			return batches, n
		}
		b = &batch{id: rand.Text(), entries: []entry{e}, size: e.size()}
		batches, size = append(batches, b), size+e.size()
		for _, user := range e.users {
			latest[user] = b
		}
		n++
	}
	return batches, n
}

// latestOf returns the latest batch of the user, if it is the same for all of the user's
// identities, and whether one of them has another consent state there.
func latestOf(latest map[string]*batch, e entry) (b *batch, conflict bool) {
	same := true
	for i, user := range e.users {
		of := latest[user]
		if of != nil && of.entries[0].state != e.state {
			return nil, true
		}
		same = same && (i == 0 || of == b)
		b = of
	}
	if !same {
		return nil, false
	}
	return b, false
}
