package conformance

import (
	"testing"

	"github.com/go-consent/segment/consent/ledger"
)

// TestStore tests a custom ledger.Store against the rules that a Ledger relies on. It reports each
// rule that the Store breaks, how, and why it is a rule. newStore returns an empty Store each time
// it is called.
func TestStore[S ledger.Store](t testing.TB, newStore func() S) {
	t.Helper()
	check(t, "store", storeRules, func() ledger.Store { return newStore() })
}

var storeRules = []rule[ledger.Store]{
	{"an empty Store has number 0, no hash, no rows and no keys", "a new ledger begins with record 1, after nothing", emptyIsEmpty},
	{"rows come back as they were appended", "what is hashed is the bytes: a change of one looks like tampering", rowsComeBack},
	{"next is told of the newest row", "the chain is made of it", nextKnowsTheLast},
	{"a key that a Store has stays, and a new one is kept", "what was sealed under a key that is gone cannot be verified", keysStay},
	{"if next fails nothing is appended and no key is kept", "a record that was refused must leave no trace of the person", failureChangesNothing},
	{"a cancelled Append appends nothing", "who is told that it failed appends again", cancelledAppendsNothing},
	{"of Appends at the same time each sees the rows of the one before", "two rows of one number break the chain for good", appendsFollowEachOther},
	{"Rows returns rows in order, after a number, up to a limit", "verifying reads all of them in pages", rowsInOrder},
	{"Find returns what matches every field of the Query, newest first, up to a limit", "the first row found is the answer that counts", findsWhatMatches},
	{"Erase removes ids, personal parts and keys without a row, and nothing else", "a person was promised that it is gone, and everybody else that it is not", erases},
	{"if the next of Erase fails, or has nothing to erase, nothing changes", "an erasure that no record tells of looks like tampering", eraseWithoutTrace},
	{"rows that are returned are the caller's own", "a reader that changes one must not change the ledger", rowsAreCopies},
}
