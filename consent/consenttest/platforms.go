package consenttest

import (
	_ "embed" // for the visitors of the platforms
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/go-consent/segment/consent"
)

// Platforms returns the names that [Platform] takes, sorted. They are those of the
// packages under cookie; "orestbida 2" and "orestbida 3" are the two versions of one
// banner.
func Platforms() []string {
	return slices.Sorted(maps.Keys(platforms()))
}

// Platform returns visitors of a site that uses another consent platform than the Consent
// Manager, in an order that stays the same: never asked; not answered, with
// the cookies that the platform writes before a choice; accepted all; rejected all;
// partial, where the platform has it; answered in a way that no server can read;
// malformed. Their names begin with the platform's, as in "onetrust: accepted all".
// It panics if no platform has that name: see [Platforms].
//
// The cookies are from live sites and from the banners themselves, with the ids of visitors
// replaced; where no such cookie is known, it was made in the same form. For a platform without
// a cookie before a choice, the visitor has other cookies instead. The strings of gpp and
// usprivacy hold opt-outs and no grants, so no visitor accepts all.
//
// The State of a Visitor is what the zero Source of the platform's package reads, with
// the platform's own ids as categories. Two need more than the zero Source:
//
//	orestbida 2  Categories: necessary, analytics, ads; its cookie lists grants alone
//	adroll       TCF: the Decode of the zero Source of package tcf
//
// If a site maps the ids to its own names, the Reached of a [Table] has to say what each
// visitor's events are to reach.
func Platform(name string) []Visitor {
	visitors, ok := platforms()[name]
	if !ok {
		panic(fmt.Sprintf("consenttest: no platform is named %q; the names are %q", name, Platforms()))
	}
	return slices.Clone(visitors)
}

//go:embed platforms.json
var platformsJSON []byte

var platforms = sync.OnceValue(func() map[string][]Visitor {
	var read map[string][]struct {
		Name, Cookie string
		Answers      map[string]bool
		Rest         string // "denied", or "" for unknown
	}
	if err := json.Unmarshal(platformsJSON, &read); err != nil {
		panic("consenttest: platforms.json: " + err.Error())
	}
	all := make(map[string][]Visitor, len(read))
	for platform, visitors := range read {
		for _, v := range visitors {
			s := consent.NewState(v.Answers)
			if v.Rest == "denied" {
				s = s.Or(consent.All(consent.Denied))
			}
			var header []string
			if v.Cookie != "" {
				header = []string{"Cookie", v.Cookie}
			}
			all[platform] = append(all[platform], visitor(platform+": "+v.Name, s, header...))
		}
	}
	return all
})
