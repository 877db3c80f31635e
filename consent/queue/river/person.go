package river

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/go-consent/segment/consent/queue"
)

// about is the metadata of a job: whom its event is about. River has an index for what
// metadata contains.
type about struct {
	IDs []string `json:"segment_ids"`
}

// metadata returns the metadata of the job of an event. An Alias is about whoever had its
// previous id, which may be either.
func metadata(e queue.Envelope) ([]byte, error) {
	a := about{IDs: []string{}}
	add := func(as, id string) {
		if id != "" {
			a.IDs = append(a.IDs, hash(as, id))
		}
	}
	add(user, e.UserID)
	add(user, e.PreviousID)
	add(anonymous, e.AnonymousID)
	add(anonymous, e.PreviousID)
	return json.Marshal(a)
}

// persons returns what the metadata of jobs about a person contains: one of these.
func persons(p queue.Person) []about {
	var all []about
	if p.UserID != "" {
		all = append(all, about{[]string{hash(user, p.UserID)}})
	}
	if p.AnonymousID != "" {
		all = append(all, about{[]string{hash(anonymous, p.AnonymousID)}})
	}
	return all
}

const user, anonymous = "u", "a"

// hash returns the hash of an id: it has one length, and Forget shows no id to the log of
// statements. It has no key. The event stands beside it, with the id; and with another key
// than that of then, Forget would find nothing and nobody would be told.
func hash(as, id string) string {
	sum := sha256.Sum256([]byte("segment " + as + " " + id))
	return as + hex.EncodeToString(sum[:16])
}
