package mparticle_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// This file states, from mParticle's documentation and nothing else, what a request has to be
// like, and what mParticle does with it: the pages "HTTP API", "JSON Reference", "Default
// Service Limits", "Data Privacy Controls" and "Connections" of its repository mParticle/docs,
// and its JSON schema of the inbound Events API.

// A wireBatch is one of a request.
type wireBatch struct {
	raw             json.RawMessage
	SourceRequestID string                     `json:"source_request_id"`
	Environment     string                     `json:"environment"`
	UserIdentities  map[string]string          `json:"user_identities"`
	UserAttributes  map[string]json.RawMessage `json:"user_attributes"`
	DeviceInfo      map[string]any             `json:"device_info"`
	ApplicationInfo map[string]any             `json:"application_info"`
	IP              *string                    `json:"ip"`
	ConsentState    map[string]map[string]struct {
		Consented *bool   `json:"consented"`
		Timestamp *int64  `json:"timestamp_unixtime_ms"`
		Document  *string `json:"document"`
		Location  *string `json:"location"`
	} `json:"consent_state"`
	Events []wireEvent `json:"events"`
}

type wireEvent struct {
	EventType string `json:"event_type"`
	Data      struct {
		EventName       string                     `json:"event_name"`
		CustomEventType string                     `json:"custom_event_type"`
		ScreenName      string                     `json:"screen_name"`
		SourceMessageID string                     `json:"source_message_id"`
		Timestamp       int64                      `json:"timestamp_unixtime_ms"`
		Attributes      map[string]json.RawMessage `json:"custom_attributes"`
		Location        map[string]any             `json:"location"`
	} `json:"data"`
}

// readRequest returns the batches of a request, and what the documentation forbids in it.
func readRequest(body []byte) (batches []wireBatch, err error) {
	if len(body) >= 256_000 {
		return nil, fmt.Errorf("total request size: %d bytes", len(body))
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, err
	}
	events := 0
	for _, text := range raw {
		b := wireBatch{raw: text}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&b); err != nil {
			return nil, fmt.Errorf("batch %s: %w", text, err)
		}
		if err := b.check(); err != nil {
			return nil, fmt.Errorf("batch %s: %w", text, err)
		}
		events += len(b.Events)
		batches = append(batches, b)
	}
	if len(batches) > 100 || events > 100 || len(batches) == 0 {
		return nil, fmt.Errorf("%d batches with %d events", len(batches), events)
	}
	return batches, nil
}

func (b wireBatch) check() error {
	if len(b.raw) > 128_000 {
		return fmt.Errorf("a batch of %d bytes", len(b.raw))
	}
	for kind := range b.UserIdentities {
		if !slices.Contains([]string{"customer_id", "other", "other_id_2"}, kind) {
			return fmt.Errorf("an identity of the type %s", kind)
		}
	}
	for regulation, purposes := range b.ConsentState {
		for purpose, p := range purposes {
			switch {
			case regulation != "gdpr" && (regulation != "ccpa" || purpose != "data_sale_opt_out"):
				return fmt.Errorf("the purpose %s of %s", purpose, regulation)
			case p.Consented == nil || p.Timestamp == nil || *p.Timestamp < 1_500_000_000_000:
				return fmt.Errorf("the purpose %s lacks what is required", purpose)
			}
		}
	}
	if err := checkAttributes(b.UserAttributes, true); err != nil {
		return err
	}
	for _, e := range b.Events {
		if err := e.check(); err != nil {
			return err
		}
	}
	return nil
}

func (e wireEvent) check() error {
	name := e.Data.ScreenName
	switch e.EventType {
	case "custom_event":
		name = e.Data.EventName
		if e.Data.CustomEventType != "other" || e.Data.ScreenName != "" {
			return fmt.Errorf("a custom event of the type %s", e.Data.CustomEventType)
		}
	case "screen_view":
		if e.Data.EventName+e.Data.CustomEventType != "" {
			return fmt.Errorf("a screen view with the fields of a custom event")
		}
	default:
		return fmt.Errorf("an event of the type %s", e.EventType)
	}
	if n := utf8.RuneCountInString(name); n == 0 || n > 256 || e.Data.SourceMessageID == "" || e.Data.Timestamp == 0 {
		return fmt.Errorf("an event without a name, an id or a time")
	}
	return checkAttributes(e.Data.Attributes, false)
}

func checkAttributes(attributes map[string]json.RawMessage, user bool) error {
	if len(attributes) > 100 {
		return fmt.Errorf("%d attributes", len(attributes))
	}
	for name, text := range attributes {
		if utf8.RuneCountInString(name) > 256 {
			return fmt.Errorf("the name of an attribute is too long")
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			return err
		}
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		} else if !user || len(list) > 1000 {
			return fmt.Errorf("an attribute that is a list, or too long a one")
		}
		limit := 4096
		if ok {
			limit = 512
		}
		for _, value := range list {
			switch value := value.(type) {
			case []any, map[string]any:
				return fmt.Errorf("an attribute that is no scalar")
			case string:
				if utf8.RuneCountInString(value) > limit {
					return fmt.Errorf("the value of an attribute is too long")
				}
			}
		}
	}
	return nil
}

// consent returns what the batch says: purposes by regulation, or nil.
func (b wireBatch) consent() map[string]map[string]bool {
	out := make(map[string]map[string]bool)
	for regulation, purposes := range b.ConsentState {
		out[regulation] = make(map[string]bool)
		for purpose, p := range purposes {
			out[regulation][purpose] = *p.Consented
		}
	}
	return out
}

func (b wireBatch) who() string { return fmt.Sprint(b.UserIdentities) }

// A workspace has the profiles, by identities.
type workspace map[string]map[string]map[string]bool

// store updates the profile of the user of a batch, and returns it.
func (w workspace) store(b wireBatch) map[string]map[string]bool {
	profile := w[b.who()]
	if profile == nil {
		profile = map[string]map[string]bool{"gdpr": {}, "ccpa": {}}
		w[b.who()] = profile
	}
	for regulation, purposes := range b.consent() {
		maps.Copy(profile[regulation], purposes)
	}
	return profile
}

// forwards reports whether a connection with the rules forwards an event of the profile.
//
//   - "Only forward user data if GDPR Consent for 'marketing' is true"
//   - "users' who have a consent state of true for the CCPA purpose of data_sale_opt_out will
//     NOT have their data forwarded (if the consent state is missing or false for that purpose,
//     data will flow)"
func forwards(purpose string, noSale bool, profile map[string]map[string]bool) bool {
	if purpose != "" && !profile["gdpr"][strings.ToLower(strings.TrimSpace(purpose))] {
		return false
	}
	return !noSale || !profile["ccpa"]["data_sale_opt_out"]
}

// The samples of the documentation are within the rules.
func TestRulesTakeTheDocumentedFormat(t *testing.T) {
	batches, err := readRequest([]byte(`[{
		"source_request_id": "769D83CB-8C60-48F9-A0C1-C38CF1B40A4F", "environment": "production",
		"user_attributes": {"$age": "18", "list": ["a", "b"]}, "user_identities": {"customer_id": "1234"}, "ip": "172.217.12.142",
		"consent_state": {
			"gdpr": {"location_collection": {"consented": true, "document": "v4", "timestamp_unixtime_ms": 1523039002083}},
			"ccpa": {"data_sale_opt_out": {"consented": true, "document": null, "timestamp_unixtime_ms": 1523039002083}}
		},
		"events": [{"event_type": "custom_event", "data": {"event_name": "click", "custom_event_type": "other",
			"source_message_id": "e8335d31", "timestamp_unixtime_ms": 1402521613976, "custom_attributes": {"button_name": "home"}}}]
	}]`))
	require.NoError(t, err)
	profile := workspace{}.store(batches[0])
	require.True(t, forwards("Location_Collection", false, profile))
	require.False(t, forwards("marketing", false, profile))
	require.False(t, forwards("", true, profile))
	require.True(t, forwards("", true, map[string]map[string]bool{}))
	for _, wrong := range []string{
		`{}`, `[]`, `[{"schema_version":2}]`, `[{"consent_state":{"ccpa":{"other":{"consented":true,"timestamp_unixtime_ms":1523039002083}}}}]`,
		`[{"consent_state":{"gdpr":{"a":{"consented":true}}}}]`, `[{"user_attributes":{"a":{}}}]`, `[{"user_identities":{"name":"x"}}]`,
		`[{"events":[{"event_type":"track","data":{}}]}]`, `[{"events":[{"event_type":"screen_view","data":{}}]}]`,
	} {
		_, err := readRequest([]byte(wrong))
		require.Error(t, err, wrong)
	}
}
