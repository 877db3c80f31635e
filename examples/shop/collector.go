package main

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/internal/segment"
)

// The limits of Segment's HTTP API, by its documentation.
const (
	maxBatch       = 500 << 10
	maxEvent       = 32 << 10
	maxBatchEvents = 2500
)

// A collector stands in for Segment: it takes batches of events at /v1/batch, and
// delivers each to the destinations of its workspace by Segment's documented rules.
// Nothing is sent on; the deliveries are counted and remembered.
type collector struct {
	url       string
	writeKey  string
	workspace segment.Workspace
	server    *http.Server

	mu        sync.Mutex
	sent      int
	delivered map[string]int // destination to count
	events    []received     // the oldest first
}

// A received event is what Segment's debugger would show.
type received struct {
	id         string
	json       []byte
	deliveries []segment.Delivery
}

// startCollector starts a collector on a free port of the loopback interface.
func startCollector(w segment.Workspace) (*collector, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the collector: %w", err)
	}
	c := &collector{
		url:       "http://" + listener.Addr().String(),
		writeKey:  rand.Text(),
		workspace: w,
		delivered: make(map[string]int),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/batch", c.batch)
	c.server = &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go c.server.Serve(listener)
	return c, nil
}

// destinations returns the names of the workspace's destinations.
func (c *collector) destinations() []string {
	names := make([]string, 0, len(c.workspace.Destinations))
	for _, d := range c.workspace.Destinations {
		names = append(names, d.Name)
	}
	return names
}

// config is for a client that sends to the collector. The short interval is for
// the demonstration, where somebody waits for the page.
func (c *collector) config() analytics.Config {
	return analytics.Config{Endpoint: c.url, Interval: 20 * time.Millisecond}
}

// close stops the collector. The client is closed before, so nothing is under way.
func (c *collector) close() error { return c.server.Close() }

// batch is the endpoint. A batch is taken whole or not at all.
func (c *collector) batch(w http.ResponseWriter, r *http.Request) {
	key, _, _ := r.BasicAuth()
	if subtle.ConstantTimeCompare([]byte(key), []byte(c.writeKey)) != 1 {
		http.Error(w, "wrong write key", http.StatusUnauthorized)
		return
	}
	body, err := readBatch(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	events, err := c.decode(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.deliver(events)
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"success":true}`)
}

// readBatch returns the body, of which neither the compressed nor the plain form
// may be over the limit.
func readBatch(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var body io.Reader = http.MaxBytesReader(w, r.Body, maxBatch)
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		plain, err := gzip.NewReader(body)
		if err != nil {
			return nil, errors.New("the batch is not gzip")
		}
		body = plain
	default:
		return nil, fmt.Errorf("unknown encoding %q", encoding)
	}
	b, err := io.ReadAll(io.LimitReader(body, maxBatch+1))
	switch {
	case len(b) > maxBatch || errors.As(err, new(*http.MaxBytesError)):
		return nil, errors.New("the batch is over 500 KB")
	case err != nil:
		return nil, errors.New("the batch cannot be read")
	}
	return b, nil
}

// decode takes a batch apart and decides the deliveries of each event.
func (c *collector) decode(body []byte) ([]received, error) {
	var batch struct {
		Batch []json.RawMessage `json:"batch"`
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, errors.New("the batch is not JSON")
	}
	if len(batch.Batch) > maxBatchEvents {
		return nil, errors.New("the batch has more than 2500 events")
	}
	events := make([]received, 0, len(batch.Batch))
	for _, raw := range batch.Batch {
		var event struct{ Type, MessageId, UserId, AnonymousId, PreviousId string }
		err := json.Unmarshal(raw, &event)
		switch {
		case len(raw) > maxEvent:
			return nil, errors.New("an event is over 32 KB")
		case err != nil:
			return nil, errors.New("an event is not an object with the fields of the specification")
		case !slices.Contains([]string{"track", "identify", "page", "screen", "group", "alias"}, event.Type):
			return nil, errors.New("an event is of no known type")
		case event.MessageId == "" || len(event.MessageId) > 100:
			return nil, errors.New("an event has no messageId, or a long one")
		case event.UserId == "" && event.AnonymousId == "" && event.PreviousId == "":
			return nil, errors.New("an event has neither userId nor anonymousId")
		}
		deliveries, err := c.workspace.Route(raw)
		if err != nil {
			return nil, errors.New("an event has a malformed consent or integrations object")
		}
		events = append(events, received{event.MessageId, raw, deliveries})
	}
	return events, nil
}

func (c *collector) deliver(events []received) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent += len(events)
	for _, e := range events {
		for _, d := range e.deliveries {
			if d.Delivered {
				c.delivered[d.Destination]++
			}
		}
		e.json = bytes.Clone(e.json) // the rest of the batch may be forgotten
		if len(c.events) == keep {
			c.events = slices.Delete(c.events, 0, 1)
		}
		c.events = append(c.events, e)
	}
}

// counts returns the number of events received, and of those delivered to each
// destination of the workspace.
func (c *collector) counts() (sent int, delivered map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delivered = make(map[string]int, len(c.workspace.Destinations))
	for _, d := range c.workspace.Destinations {
		delivered[d.Name] = c.delivered[d.Name]
	}
	return c.sent, delivered
}

// latest returns the events that are remembered, by message id.
func (c *collector) latest() map[string]received {
	c.mu.Lock()
	defer c.mu.Unlock()
	events := make(map[string]received, len(c.events))
	for _, e := range c.events {
		events[e.id] = e
	}
	return events
}

func (c *collector) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent, c.events = 0, nil
	clear(c.delivered)
}
