package main

import (
	"context"
	"log"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/go-consent/segment/consent"
)

const header = "consent-state"

// hook is for kgo.WithHooks, of producers and consumers alike: the answer in the context of
// Produce goes along with a new record, and is in Record.Context where it is consumed.
// Produce only to topics of one's own, and consume no others.
type hook struct{}

func (hook) OnProduceRecordBuffered(r *kgo.Record) {
	r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h kgo.RecordHeader) bool { return h.Key == header })
	if text := consent.Text(r.Context); text != "" {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: header, Value: []byte(text)})
	}
}

func (hook) OnFetchRecordBuffered(r *kgo.Record) {
	if r.Context == nil {
		r.Context = context.Background()
	}
	found := false
	for _, h := range r.Headers {
		if h.Key != header {
			continue
		}
		text := string(h.Value)
		if found {
			text = "twice" // no text of a State, and so denied
		}
		found = true
		var err error
		if r.Context, err = consent.WithText(r.Context, text); err != nil {
			log.Print("consent: ", err)
		}
	}
}
