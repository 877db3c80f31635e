package snowplow

import (
	"slices"

	"github.com/snowplow/snowplow-golang-tracker/v3/pkg/payload"
	"github.com/snowplow/snowplow-golang-tracker/v3/pkg/storage/storageiface"
)

// rows is a storage of Snowplow's tracker for one goroutine at a time.
type rows struct{ events []storageiface.EventRow }

// AddEventRow implements storageiface.Storage, as the others do.
func (r *rows) AddEventRow(p payload.Payload) bool {
	r.events = append(r.events, storageiface.EventRow{Id: len(r.events), Event: p})
	return true
}

func (r *rows) GetAllEventRows() []storageiface.EventRow { return r.events }

func (r *rows) GetEventRowsWithinRange(n int) []storageiface.EventRow {
	return r.events[:min(n, len(r.events))]
}

func (r *rows) DeleteAllEventRows() int64 {
	n := len(r.events)
	r.events = nil
	return int64(n)
}

func (r *rows) DeleteEventRows(ids []int) int64 {
	sent := make(map[int]bool, len(ids))
	for _, id := range ids {
		sent[id] = true
	}
	n := len(r.events)
	r.events = slices.DeleteFunc(r.events, func(row storageiface.EventRow) bool { return sent[row.Id] })
	return int64(n - len(r.events))
}

var _ storageiface.Storage = (*rows)(nil)
