package snowplow

import (
	"net/url"

	"github.com/go-consent/segment/consent"
)

// preferences is the data of a preference event.
type preferences struct {
	EventType          string   `json:"eventType"`
	BasisForProcessing Basis    `json:"basisForProcessing"`
	ConsentURL         string   `json:"consentUrl"`
	ConsentVersion     string   `json:"consentVersion"`
	ConsentScopes      []string `json:"consentScopes"`
	DomainsApplied     []string `json:"domainsApplied"`
	GDPRApplies        *bool    `json:"gdprApplies,omitempty"`
}

// of returns the preferences of a visitor, which are the categories of the Decision.
func (p *Preferences) of(d consent.Decision) *preferences {
	data := &preferences{
		BasisForProcessing: p.Basis, ConsentURL: p.URL, ConsentVersion: p.Version,
		ConsentScopes: append([]string(nil), p.Necessary...), DomainsApplied: p.Domains, GDPRApplies: p.Applies,
	}
	if p.Basis == "" {
		data.BasisForProcessing = Consent
	}
	granted, denied := 0, 0
	for category, ok := range d.Categories() {
		if !ok {
			denied++
			continue
		}
		granted++
		data.ConsentScopes = append(data.ConsentScopes, category)
	}
	switch {
	case granted == 0:
		data.EventType = "deny_all"
	case denied == 0:
		data.EventType = "allow_all"
	default:
		data.EventType = "allow_selected"
	}
	return data
}

// gdpr is the data of a gdpr entity.
type gdpr struct {
	BasisForProcessing  Basis  `json:"basisForProcessing"`
	DocumentID          string `json:"documentId,omitempty"`
	DocumentVersion     string `json:"documentVersion,omitempty"`
	DocumentDescription string `json:"documentDescription,omitempty"`
}

func (g *GDPR) of(b Basis) gdpr {
	return gdpr{b, g.DocumentID, g.DocumentVersion, g.DocumentDescription}
}

// Limits of the two schemas, in characters.
const (
	maxDocumentID  = 255
	maxVersion     = 16
	maxDescription = 4096
	maxScope       = 1024
)

func (r Router) wrong(p consent.Policy) (wrong []string) {
	if len(r.Destinations) == 0 {
		wrong = append(wrong, "the Router has no Destinations, and so nothing would leave")
	}
	if g := r.GDPR; g != nil {
		if g.Basis != "" && !g.Basis.isKnown() || g.WithoutAnswer != "" && !g.WithoutAnswer.isKnown() {
			wrong = append(wrong, "a Basis of the GDPR is none that Snowplow knows")
		}
		if g.WithoutAnswer == Consent {
			wrong = append(wrong, "consent is no basis for what the visitor did not grant")
		}
		if length(g.DocumentID) > maxDocumentID || length(g.DocumentVersion) > maxVersion || length(g.DocumentDescription) > maxDescription {
			wrong = append(wrong, "the document of the GDPR has a text that is too long for Snowplow")
		}
	}
	if r.Preferences != nil {
		wrong = append(wrong, r.Preferences.wrong(p)...)
	}
	return wrong
}

func (s *Preferences) wrong(p consent.Policy) (wrong []string) {
	if u, err := url.Parse(s.URL); err != nil || u.Scheme == "" || u.Host == "" {
		wrong = append(wrong, "the URL of the Preferences is not absolute")
	}
	if s.Version == "" || length(s.Version) > maxVersion {
		wrong = append(wrong, "the Version of the Preferences is empty, or too long for Snowplow")
	}
	if !areScopes(s.Domains) || !areScopes(s.Necessary) {
		wrong = append(wrong, "the Domains or the Necessary of the Preferences are none, empty, or too long for Snowplow")
	}
	if s.Basis != "" && !s.Basis.isKnown() {
		wrong = append(wrong, "the Basis of the Preferences is none that Snowplow knows")
	}
	if p == nil {
		return wrong
	}
	for category := range p.Decide(consent.State{}).Categories() {
		if length(category) > maxScope {
			wrong = append(wrong, "a category of the policy is too long for Snowplow")
		}
		for _, necessary := range s.Necessary {
			if necessary == category {
				wrong = append(wrong, "a category of the policy is among the Necessary, so that it would be told as granted always")
			}
		}
	}
	return wrong
}

func areScopes(scopes []string) bool {
	for _, scope := range scopes {
		if scope == "" || length(scope) > maxScope {
			return false
		}
	}
	return len(scopes) > 0
}
