package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/go-consent/segment/consent/queue"
)

// TestQueue tests a custom queue.Queue against the rules that a queue.Worker relies on. It reports
// each rule that the Queue breaks, how, and why it is a rule. newQueue returns an empty Queue each
// time it is called, with room for at least 100 messages. A message that was received comes again
// after the lease. The lease should be short, about a second, as the suite waits for it several
// times. A Queue that is a queue.Gauge is tested as one, too. Test yourself that a full Queue drops
// nothing, and that a message survives the process.
func TestQueue[Q queue.Queue](t testing.TB, lease time.Duration, newQueue func() Q) {
	t.Helper()
	rules := make([]rule[queue.Queue], len(queueRules))
	for i, r := range queueRules {
		rules[i] = rule[queue.Queue]{r.name, r.why, func(newQueue func() queue.Queue) string {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			return r.broken(queueProbe{ctx, newQueue(), lease})
		}}
	}
	check(t, "queue", rules, func() queue.Queue { return newQueue() })
}

// A queueRule is a rule for a Queue with a lease.
type queueRule struct {
	name, why string
	broken    func(queueProbe) string
}

var queueRules = []queueRule{
	{"a message comes out as it was put", "what arrives at Segment is the bytes, and what narrows is in them", messagesComeBack},
	{"Put is done with the message when it returns", "the application goes on to use its maps", putKeepsNothing},
	{"Put refuses what no envelope can hold", "who is told that it is stored forgets it", putRefuses},
	{"Receive returns at most max messages", "a Worker holds no more than it has room for", receiveIsBounded},
	{"Receive waits for a message, and ends with its context", "a Worker asks for nothing else, and has to stop", receiveWaits},
	{"an acknowledged message comes no more, and Ack twice is no error", "it would be sent again, and an Ack may be repeated", ackRemoves},
	{"a message that was received comes again after the lease, and its attempts are counted", "the process that had it may be dead, and one that always fails has to end", leaseEnds},
	{"Extend begins the lease anew", "a message that analytics-go still tries to send would be sent twice", extendKeeps},
	{"Retry makes a message come again, and not before its time", "Segment is given time to recover, and nothing is lost", retryComesAgain},
	{"Forget removes what is about a person, by each id, and nothing else", "a person was promised that it is gone, and everybody else that it is not", forgets},
	{"what was received when it is forgotten comes no more", "a Retry must not bring a person back", forgetsReceived},
	{"Backlog, if there is one, counts what is in the queue", "an operator is woken by it, or is not", backlogCounts},
	{"many goroutines may use it, and nothing is lost", "every request puts into it", losesNothing},
}
