package mparticletest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits that mParticle documents.
const (
	maxRequest    = 256_000 // bytes
	maxBatch      = 128_000 // bytes
	maxBatches    = 100
	maxEvents     = 100 // of a request
	maxAttributes = 100
	maxName       = 256  // characters
	maxValue      = 4096 // characters
	maxList       = 1000 // entries
	maxListEntry  = 512  // characters
)

// optOut is the one purpose under the CCPA.
const optOut = "data_sale_opt_out"

// identityTypes are those of user_identities. A customer_id decides whose profile it is.
var identityTypes = []string{
	"customer_id", "other", "other_id_2", "other_id_3", "other_id_4", "other_id_5", "other_id_6", "other_id_7",
	"other_id_8", "other_id_9", "other_id_10", "email", "facebook", "twitter", "google", "microsoft", "yahoo", "alias",
	"facebook_custom_audience_id", "mobile_number", "phone_number_2", "phone_number_3",
}

var customEventTypes = []string{
	"attribution", "location", "media", "navigation", "search", "social", "transaction", "user_content", "user_preference", "other",
}

// otherEventTypes are taken without a look at their data.
var otherEventTypes = []string{
	"commerce_event", "session_start", "session_end", "uninstall", "crash_report", "opt_out", "push_registration",
	"application_state_transition", "push_message", "network_performance", "breadcrumb", "profile", "first_run",
	"user_attribute_change", "user_identity_change",
}

// A batch is what the events of one user come in.
type batch struct {
	RequestID       string                     `json:"source_request_id"`
	Events          []event                    `json:"events"`
	DeviceInfo      map[string]any             `json:"device_info"`
	ApplicationInfo map[string]any             `json:"application_info"`
	Attributes      map[string]json.RawMessage `json:"user_attributes"`
	Deleted         []string                   `json:"deleted_user_attributes"`
	Identities      map[string]string          `json:"user_identities"`
	Environment     string                     `json:"environment"`
	Context         map[string]any             `json:"context"`
	MPID            json.Number                `json:"mpid"`
	IP              string                     `json:"ip"`
	Consent         *struct {
		GDPR map[string]purpose `json:"gdpr"`
		CCPA map[string]purpose `json:"ccpa"`
	} `json:"consent_state"`

	text []byte
}

type purpose struct {
	Consented  *bool   `json:"consented"`
	Timestamp  *int64  `json:"timestamp_unixtime_ms"`
	Document   *string `json:"document"`
	Location   *string `json:"location"`
	HardwareID *string `json:"hardware_id"`
	Regulation *string `json:"regulation"`
}

type event struct {
	Type string
	Data struct {
		ID         string                     `json:"source_message_id"`
		Name       string                     `json:"event_name"`
		Kind       string                     `json:"custom_event_type"`
		Screen     string                     `json:"screen_name"`
		Timestamp  *int64                     `json:"timestamp_unixtime_ms"`
		Attributes map[string]json.RawMessage `json:"custom_attributes"`
	}
	text []byte
}

// UnmarshalJSON keeps the text.
func (e *event) UnmarshalJSON(text []byte) error {
	var fields struct {
		Type string          `json:"event_type"`
		Data json.RawMessage `json:"data"`
	}
	if err := strict(text, &fields); err != nil {
		return err
	}
	e.Type, e.text = fields.Type, bytes.Clone(text)
	if len(fields.Data) == 0 {
		return badRequest("an event has no data")
	}
	return json.Unmarshal(fields.Data, &e.Data)
}

func (e event) name() string {
	if e.Type == "screen_view" {
		return e.Data.Screen
	}
	return e.Data.Name
}

// strict decodes JSON that must have no other fields.
func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// read checks a batch.
func (s *Server) read(text []byte) (*batch, error) {
	b := &batch{text: bytes.Clone(text)}
	if len(text) > maxBatch {
		return nil, badRequest("a batch is over 128 KB")
	}
	if strict(text, b) != nil {
		return nil, badRequest("a batch is not of the documented format, or has a field that is not")
	}
	if !slices.Contains([]string{"", "production", "development"}, b.Environment) {
		return nil, badRequest("the environment is neither production nor development")
	}
	for kind := range b.Identities {
		if !slices.Contains(identityTypes, kind) {
			return nil, badRequest("an identity is of an unknown type")
		}
	}
	if err := check(b.Attributes, true); err != nil {
		return nil, err
	}
	if err := s.checkConsent(b); err != nil {
		return nil, err
	}
	for _, e := range b.Events {
		if err := e.check(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (s *Server) checkConsent(b *batch) error {
	if b.Consent == nil {
		return nil
	}
	for name, p := range b.Consent.GDPR {
		switch defined := s.workspace.Purposes; {
		case p.Consented == nil || p.Timestamp == nil:
			return badRequest("a purpose lacks consented or timestamp_unixtime_ms")
		case name == "" || name != strings.ToLower(strings.TrimSpace(name)):
			return badRequest("a purpose is not in lower case")
		case len(defined) > 0 && !slices.Contains(defined, name):
			return badRequest("a purpose is not defined in the workspace")
		}
	}
	for name, p := range b.Consent.CCPA {
		if name != optOut || p.Consented == nil || p.Timestamp == nil {
			return badRequest("the ccpa object has something else than data_sale_opt_out, or that lacks a field")
		}
	}
	return nil
}

func (e event) check() error {
	switch {
	case e.Type == "custom_event" && (e.Data.Name == "" || !slices.Contains(customEventTypes, e.Data.Kind)):
		return badRequest("a custom_event has no event_name, or no known custom_event_type")
	case e.Type == "screen_view" && e.Data.Screen == "":
		return badRequest("a screen_view has no screen_name")
	case e.Type != "custom_event" && e.Type != "screen_view" && !slices.Contains(otherEventTypes, e.Type):
		return badRequest("Required event field \"event_type\" is missing or unknown")
	case characters(e.name()) > maxName:
		return badRequest("the name of an event has more than %d characters", maxName)
	}
	return check(e.Data.Attributes, false)
}

// check returns what is wrong with attributes, which are scalars, or also lists of them.
func check(attributes map[string]json.RawMessage, lists bool) error {
	if len(attributes) > maxAttributes {
		return badRequest("there are more than %d attributes", maxAttributes)
	}
	for name, text := range attributes {
		var value any
		if json.Unmarshal(text, &value) != nil || characters(name) > maxName {
			return badRequest("the name of an attribute has more than %d characters, or its value is no JSON", maxName)
		}
		entries, isList := value.([]any)
		if isList && !lists {
			return badRequest("an attribute is a list")
		}
		if !isList {
			if !isScalar(value, maxValue) {
				return badRequest("an attribute is no scalar, or has more than %d characters", maxValue)
			}
			continue
		}
		for _, entry := range entries {
			if len(entries) > maxList || !isScalar(entry, maxListEntry) {
				return badRequest("a list has more than %d entries, or one that is no scalar or has more than %d characters", maxList, maxListEntry)
			}
		}
	}
	return nil
}

func isScalar(value any, limit int) bool {
	switch value := value.(type) {
	case map[string]any, []any:
		return false
	case string:
		return characters(value) <= limit
	default:
		return true
	}
}

func characters(s string) int { return utf8.RuneCountInString(s) }

// store keeps what the batch says of consent; what it does not say stays as it is.
func (b *batch) store(into *Consent) {
	if b.Consent == nil {
		return
	}
	for name, p := range b.Consent.GDPR {
		into.GDPR[name] = *p.Consented
	}
	for name, p := range b.Consent.CCPA {
		into.CCPA[name] = *p.Consented
	}
}
