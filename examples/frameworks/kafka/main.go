// A consumer of Kafka records, with franz-go.
//
// The recipe is consent.go. The traps: a loop that polls has one context for all records, and
// it is nobody's: use the Context of the record, which kgo leaves nil without the hook.
// Records of a producer without the hook carry nothing. Both are denied, and count in
// Stats.Unbound. A record that was produced or consumed keeps its Context, whatever Produce is
// given: make a new one for each visitor. A topic lasts for years, and with it the answer of that day: where records
// are read again, ask the account, and let consent.Both have the last word.
package main

import (
	"context"
	"log"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
)

const topic = "orders"

// ship tracks the order of each record.
func ship(client *consent.Client, records []*kgo.Record) error {
	for _, r := range records {
		if err := shop.Order(client.For(r.Context)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	client := shop.Open()
	defer shop.Close(client)
	kafka, err := kgo.NewClient(kgo.SeedBrokers("127.0.0.1:9092"), kgo.WithHooks(hook{}),
		kgo.ConsumeTopics(topic), kgo.ConsumerGroup("shipping"), kgo.DisableAutoCommit())
	if err != nil {
		log.Print(err)
		return
	}
	defer kafka.CloseAllowingRebalance()
	stopped, cancel := shop.Stopped()
	defer cancel()
	for stopped.Err() == nil {
		records := kafka.PollFetches(stopped).Records()
		if err := ship(client, records); err != nil {
			log.Print(err)
			return
		}
		// What is committed is not consumed again, so the events have to have arrived.
		if err := client.Flush(context.WithoutCancel(stopped)); err != nil {
			log.Print(err)
			return
		}
		if err := kafka.CommitRecords(context.WithoutCancel(stopped), records...); err != nil {
			log.Print(err)
			return
		}
	}
}
