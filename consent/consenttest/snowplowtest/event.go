package snowplowtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// An Event is one that passed every check.
type Event struct {
	ID         string            // event_id
	Type       string            // as in the protocol: "pv" is a page view, "ue" a self-describing event
	UserID     string            // user_id
	DomainUser string            // domain_userid
	Schema     string            // of a self-describing event
	Data       []byte            // likewise: JSON
	Entities   []Entity          // of its context, in order
	Fields     map[string]string // all that was sent, by the names of the protocol
}

// An Entity is a part of an event's context.
type Entity struct {
	Schema string
	Data   []byte // JSON
}

// Entity returns the data of the first entity of that schema, or nil.
func (e Event) Entity(schema string) []byte {
	for _, entity := range e.Entities {
		if entity.Schema == schema {
			return entity.Data
		}
	}
	return nil
}

func (e Event) clone() Event {
	e.Data, e.Entities, e.Fields = bytes.Clone(e.Data), slices.Clone(e.Entities), maps.Clone(e.Fields)
	for i := range e.Entities {
		e.Entities[i].Data = bytes.Clone(e.Entities[i].Data)
	}
	return e
}

// A Failure is a request or an event that did not pass a check.
type Failure struct {
	Status  int    // of the response: 200 for what the collector took
	EventID string // "" if it is not known
	Reason  string
}

// A selfDescribing is a self-describing JSON.
type selfDescribing struct {
	Schema string          `json:"schema"`
	Data   json.RawMessage `json:"data"`
}
