package mparticle

import (
	"encoding/json"
	"time"

	"github.com/segmentio/analytics-go/v3"
)

// stateKey is where the Context of a message has what its batch says of consent.
const stateKey = "mparticleConsentState"

// A consentState is what a Decision says, whenever that is.
type consentState struct {
	GDPR   map[string]bool `json:"gdpr"`                   // true: consented
	OptOut *bool           `json:"ccpa_opt_out,omitempty"` // true: opted out; nil: nothing is said
}

func (s consentState) isEmpty() bool { return len(s.GDPR) == 0 && s.OptOut == nil }

// stateOf returns what the Router wrote to the Context, and false if it did not.
func stateOf(c *analytics.Context) (state consentState, ok bool) {
	if c == nil || c.Extra[stateKey] == nil {
		return state, false
	}
	text, err := json.Marshal(c.Extra[stateKey])
	if err != nil || json.Unmarshal(text, &state) != nil {
		return state, false
	}
	return state, !state.isEmpty()
}

// A purposeState is one answer in mParticle's format.
type purposeState struct {
	Consented bool   `json:"consented"`
	Timestamp int64  `json:"timestamp_unixtime_ms"`
	Document  string `json:"document,omitempty"`
	Location  string `json:"location,omitempty"`
}

type wireState struct {
	GDPR map[string]purposeState `json:"gdpr,omitempty"`
	CCPA map[string]purposeState `json:"ccpa,omitempty"`
}

// optOutPurpose is the one purpose that mParticle has for the CCPA.
const optOutPurpose = "data_sale_opt_out"

// wire returns the state in mParticle's format.
func (s consentState) wire(c Config, at time.Time) wireState {
	answer := func(consented bool) purposeState {
		return purposeState{consented, at.UnixMilli(), c.Document, c.Location}
	}
	w := wireState{GDPR: make(map[string]purposeState, len(s.GDPR))}
	for purpose, consented := range s.GDPR {
		w.GDPR[purpose] = answer(consented)
	}
	if s.OptOut != nil {
		w.CCPA = map[string]purposeState{optOutPurpose: answer(*s.OptOut)}
	}
	return w
}
