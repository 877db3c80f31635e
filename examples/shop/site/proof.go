package site

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/destinations"
)

// rulingOf returns the ruling of the request: zero if it could not be read.
func (s *shop) rulingOf(r *http.Request) ledger.Ruling {
	ruling, _ := s.accounts.Ruling(r) // the middleware has told
	return ruling
}

// A policyRecord is what a proof says about the policy: the table itself, and the fingerprint of the
// policy, which every record of the ledger has.
type policyRecord struct {
	SHA256 string              `json:"sha256"` // by Policy.Fingerprint
	Config destinations.Config `json:"config"`
}

func policyRecordOf(c destinations.Config) policyRecord {
	return policyRecord{destinations.MustCompile(c).Fingerprint(), c}
}

// A proof tells why an event went where it went.
type proof struct {
	MessageID string            `json:"messageId"`
	Event     string            `json:"event"`
	Decided   time.Time         `json:"decided"`
	Rule      ledger.Why        `json:"rule"`
	Records   []proofRecord     `json:"records"` // of the ledger, that counted
	Signals   map[string]string `json:"signals"` // of the browser, on top of the answers
	Policy    policyRecord      `json:"policy"`
	Verdicts  []proofVerdict    `json:"verdicts"`
	Head      *ledger.Head      `json:"ledgerHead,omitempty"` // now
}

type proofRecord struct {
	Number  int64             `json:"number"`
	Kind    ledger.Kind       `json:"kind"`
	Scope   ledger.Scope      `json:"scope"`
	Given   time.Time         `json:"given"`
	Method  string            `json:"method"`
	Policy  string            `json:"policySha256"`
	Answers map[string]string `json:"answers"`
}

type proofVerdict struct {
	Destination string         `json:"destination"`
	Allowed     bool           `json:"allowed"`
	Reason      consent.Reason `json:"reason"`
	Category    string         `json:"category,omitempty"` // whose answer decided
}

// history returns what can have counted for this visitor: the answers of the device for
// itself, and those of the account that is signed in. If they cannot be read, proofs name none.
func (s *shop) history(r *http.Request) (records []ledger.Record) {
	p := ledger.Person{Device: deviceOf(r), Account: userOf(r)}
	for record, err := range s.book.History(r.Context(), p) {
		if err != nil {
			s.requestFailed(r, err)
			return nil
		}
		of, want := record.Device, p.Device
		if record.Scope == ledger.AccountScope {
			of, want = record.Account, p.Account // the records of another account are private
		}
		if of == want && of != "" {
			records = append(records, record)
		}
	}
	return records
}

// proofOf returns the proof of an event, or nil if it has none. The report of an answer has none: it
// is about the record, and not decided by it.
func (s *shop) proofOf(e entry, history []ledger.Record) *proof {
	if e.id == "" {
		return nil
	}
	p := &proof{
		MessageID: e.id, Event: e.name, Decided: e.at, Rule: e.ruling.Why, Policy: s.config,
		Signals: answersOf(e.signals), Records: []proofRecord{},
	}
	if p.Rule == "" {
		p.Rule = "the answer could not be read: everything is denied"
	}
	if p.Event == "" {
		p.Event = e.call
	}
	for _, record := range counted(e, history) {
		p.Records = append(p.Records, proofRecord{
			record.Sequence, record.Kind, record.Scope, record.Given, record.Method, record.Policy, answersOf(record.State),
		})
	}
	for v := range e.decision.Verdicts() {
		p.Verdicts = append(p.Verdicts, proofVerdict{v.Destination, v.Allowed, v.Reason, v.Cause})
	}
	return p
}

// counted returns the records whose answers counted for an event, the newest first: the
// one of the account that the ruling names, and the one with what the device held.
func counted(e entry, history []ledger.Record) (records []ledger.Record) {
	held, counts := heldBy(e.ruling)
	for _, r := range slices.Backward(history) {
		switch {
		case r.Given.After(e.at) || r.Kind == ledger.Link || r.Kind == ledger.Signal:
		case r.Scope == ledger.AccountScope || r.Kind == ledger.Import:
			if r.Sequence == e.ruling.Record {
				records = append(records, r)
			}
		case counts && held(r.State):
			counts = false
			records = append(records, r)
		}
	}
	return records
}

// heldBy returns how to recognise what the device held, and whether that counted.
func heldBy(r ledger.Ruling) (held func(consent.State) bool, counts bool) {
	switch r.Why {
	case ledger.WhyNobody, ledger.WhyRestored:
		return func(s consent.State) bool { return s == r.Answers[0] }, true
	case ledger.WhyNoAccount, ledger.WhyBoth:
		return func(s consent.State) bool { return s.Restrict(r.Signals) == r.Answers[0] }, true
	default:
		return nil, false
	}
}

// answersOf returns the answers for categories in words.
func answersOf(s consent.State) map[string]string {
	answers := make(map[string]string)
	for name := range s.Categories() {
		answers[name] = s.Category(name).String()
	}
	if s.Rest() != consent.Unknown {
		answers["everything else"] = s.Rest().String()
	}
	return answers
}

// proof shows the proof of one of the visitor's events, as JSON, with the head of the ledger. With
// the head, one can show later that nobody changed the records.
func (s *shop) proof(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("event")
	for _, e := range s.journal.of(visitorOf(r)) {
		if id == "" || e.id != id {
			continue
		}
		p := s.proofOf(e, s.history(r))
		if head, err := s.book.Head(r.Context()); err == nil {
			p.Head = &head
		}
		w.Header().Set("Content-Type", "application/json")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(p) // the visitor may be gone
		return
	}
	http.NotFound(w, r)
}
