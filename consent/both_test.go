package consent_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
)

func TestBoth(t *testing.T) {
	granted := consent.NewState(map[string]bool{"analytics": true, "advertising": true})
	denied := consent.NewState(map[string]bool{"analytics": true, "advertising": false})
	asked := consent.NewState(nil).WithDestinations(map[string]bool{"Amplitude": true})
	for rule, c := range map[string]struct{ a, b, want consent.State }{
		"the same":                         {granted, granted, granted},
		"a denial of either":               {granted, denied, denied},
		"All(Denied) absorbs":              {granted, consent.All(consent.Denied), consent.All(consent.Denied)},
		"no answer grants nothing":         {granted, consent.NewState(nil), consent.NewState(nil)},
		"a denial is kept beside":          {consent.NewState(nil).WithDestinations(map[string]bool{"Amazon S3": false}), consent.All(consent.Denied), consent.All(consent.Denied).WithDestinations(map[string]bool{"Amazon S3": false})},
		"a grant of another kind is named": {granted, asked, consent.NewState(nil).WithDestinations(map[string]bool{"Amplitude": true})},
	} {
		require.Equal(t, c.want.String(), consent.Both(policy, c.a, c.b).String(), rule)
	}
	require.Equal(t, consent.All(consent.Denied), consent.Both(nil, granted, denied))
	require.Equal(t, granted, consent.Both(nil, granted, granted))
}

// Both never allows or shows more than each answer allows by itself. For the destinations of
// a Config it allows no less either, unless one side denies the rest and grants some names.
func TestBothIsWhatBothAllow(t *testing.T) {
	seed, cases := propertyRun(t, 20_000)
	r := rand.New(rand.NewPCG(seed, 2))
	count := map[string]int{}
	var config destinations.Config
	var p *destinations.Policy
	for done := range cases {
		if done%200 == 0 {
			config = randomConfig(r)
			p = destinations.MustCompile(config)
		}
		a, b := carried(r, randomAnswer(r)), carried(r, randomAnswer(r))
		if r.IntN(8) == 0 {
			b = a
		}
		both := consent.Both(p, a, b)
		wide, da, db := p.Decide(both), p.Decide(a), p.Decide(b)
		names := slices.Concat(destinationNames, []string{"nobody's", "Other", "amazon s3"})
		for _, d := range []consent.Decision{wide, da, db} {
			for v := range d.Verdicts() {
				names = append(names, v.Destination)
			}
		}
		listed := listedBy(config)
		odd := a.Rest() == consent.Denied && grantsAny(a) || b.Rest() == consent.Denied && grantsAny(b)
		for _, name := range names {
			switch want, got := da.Allows(name) && db.Allows(name), wide.Allows(name); {
			case got && !want:
				t.Fatalf("%q is wider: CONSENT_SEED=%d, case %d\nconfig %+v\na    %v\nb    %v\nboth %v", name, seed, done, config, a, b, both)
			case want && !got && listed[name] != nil && !odd:
				t.Fatalf("%q is stricter: CONSENT_SEED=%d, case %d\nconfig %+v\na    %v\nb    %v\nboth %v", name, seed, done, config, a, b, both)
			case want && !got && listed[name] != nil:
				count["stricter, listed, a denied rest beside grants"]++
			case want && !got:
				count["stricter, unlisted"]++
			default:
				count["exact"]++
			}
		}
		shownA, shownB := maps.Collect(da.Categories()), maps.Collect(db.Categories())
		for name, granted := range wide.Categories() {
			require.False(t, granted && !(shownA[name] && shownB[name]), "category %q is wider: CONSENT_SEED=%d, case %d", name, seed, done)
		}
		for _, s := range []consent.State{a, b} {
			for name, granted := range s.Destinations() {
				require.False(t, !granted && both.Destination(name) != consent.Denied, "the denial of %q is lost: CONSENT_SEED=%d, case %d", name, seed, done)
			}
		}
	}
	t.Log(count)
	require.NotZero(t, count["exact"])
}

func grantsAny(s consent.State) bool {
	for _, granted := range s.Categories() {
		if granted {
			return true
		}
	}
	for _, granted := range s.Destinations() {
		if granted {
			return true
		}
	}
	return false
}
