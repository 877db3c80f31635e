package main

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shop"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
)

// through produces a record with one client, and returns what another client consumes.
func through(ctx context.Context, t *testing.T, record *kgo.Record, producer, consumer []kgo.Opt) []*kgo.Record {
	t.Helper()
	broker := kfake.MustCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	t.Cleanup(broker.Close)
	out := open(t, append(producer, kgo.SeedBrokers(broker.ListenAddrs()...))...)
	record.Topic = topic
	if err := out.ProduceSync(ctx, record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	in := open(t, append(consumer, kgo.SeedBrokers(broker.ListenAddrs()...), kgo.ConsumeTopics(topic))...)
	deadline, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	records := in.PollFetches(deadline).Records()
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	return records
}

func open(t *testing.T, o ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func hooked() []kgo.Opt { return []kgo.Opt{kgo.WithHooks(hook{})} }

func TestRecipe(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		ctx := consent.NewContext(t.Context(), v.State)
		if err := ship(client, through(ctx, t, new(kgo.Record), hooked(), hooked())); err != nil {
			t.Error(err)
		}
	})
}

// A record that is passed on carries the answer of the context, not that of its old header.
func TestHeaderIsReplaced(t *testing.T) {
	shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		ctx := consent.NewContext(t.Context(), v.State)
		record := &kgo.Record{Headers: []kgo.RecordHeader{{Key: header, Value: []byte(shoptest.Accepts.State.String())}}}
		if err := ship(client, through(ctx, t, record, hooked(), hooked())); err != nil {
			t.Error(err)
		}
	})
}

func TestNoHook(t *testing.T) {
	for name, hooks := range map[string][2][]kgo.Opt{
		"of the producer": {nil, hooked()},
		"of the consumer": {hooked(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
				ctx := consent.NewContext(t.Context(), v.State)
				if err := ship(client, through(ctx, t, new(kgo.Record), hooks[0], hooks[1])); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestContextOfTheLoop(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		ctx := consent.NewContext(t.Context(), v.State)
		for range through(ctx, t, new(kgo.Record), hooked(), hooked()) {
			if err := shop.Order(client.For(t.Context())); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSeveralAndMalformedAnswersAreDenied(t *testing.T) {
	yes := kgo.RecordHeader{Key: header, Value: []byte(shoptest.Accepts.State.String())}
	for name, headers := range map[string][]kgo.RecordHeader{
		"several": {yes, yes}, "malformed": {{Key: header, Value: []byte("yes")}}, "malformed and one": {{Key: header}, yes},
	} {
		t.Run(name, func(t *testing.T) {
			shoptest.Denied(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
				records := through(t.Context(), t, &kgo.Record{Headers: headers}, nil, hooked())
				if err := ship(client, records); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
