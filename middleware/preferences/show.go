package preferences

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"github.com/go-consent/segment/consent"
)

// show writes the preferences.
func (h Handler) show(w http.ResponseWriter, r *http.Request, s consent.State) {
	type verdict struct {
		Destination string         `json:"destination"`
		AliasOf     string         `json:"aliasOf,omitempty"`
		Allowed     bool           `json:"allowed"`
		Reason      consent.Reason `json:"reason,omitempty"`
		Cause       string         `json:"cause,omitempty"`
	}
	s = s.Given()
	shown := struct {
		Decided      bool            `json:"decided"`
		Categories   map[string]bool `json:"categories"`
		Destinations map[string]bool `json:"destinations"`
		Verdicts     []verdict       `json:"verdicts,omitempty"`
	}{
		Decided:      s.Answered() && s.Rest() == consent.Unknown, // All(Denied): not read
		Categories:   maps.Collect(s.Categories()),
		Destinations: maps.Collect(s.Destinations()),
	}
	for v := range h.decide(r, s).Verdicts() {
		shown.Verdicts = append(shown.Verdicts, verdict(v))
	}
	body, err := json.Marshal(shown)
	if err != nil {
		panic("preferences: preferences without a JSON form: " + err.Error()) // they are names and booleans
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the visitor may be gone
	}
}
