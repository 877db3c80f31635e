package consent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestAgree(t *testing.T) {
	for _, test := range []struct{ rule, a, b, want string }{
		{"granted where both grant", "1.?;+a,+b;", "1.?;+a;", "1.?;+a;"},
		{"denied where either denies", "1.?;+a,-b;", "1.?;-a;", "1.?;-a,-b;"},
		{"destinations likewise", "1.?*;;+A,+B,-C", "1.?*;;+A,-B", "1.?*;;+A,-B,-C"},
		{"asked if either is", "1.?*;+a;", "1.?;+a;", "1.?*;+a;"},
		{"a rest answers for what its side lacks", "1.+;;", "1.?;+a,-b;", "1.?;+a,-b;"},
		{"both rests granted", "1.+;-a;", "1.+;;", "1.+;-a;"},
		{"a denied rest stays", "1.-;+a,+b;", "1.?;+a;", "1.-;+a;"},
		{"presumed where one only presumes", "1.?;+a,~b;", "1.?;~a,~b;", "1.?;~a,~b;"},
		{"no answer takes a presumed grant", "1.~;;", "1.?;;", "1.?;;"},
		{"a denied one takes it too", "1.~;~a;", "1.~;-a;", "1.~;-a;"},
		{"no answer takes every grant", "1.?*;+a;+A", "1.?;;", "1.?*;;"},
		{"All(Denied) absorbs", "1.-;;", "1.?*;+a;+A", "1.-;;"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			a, b := stateOf(t, test.a), stateOf(t, test.b)
			require.Equal(t, test.want, a.Agree(b).String())
			require.Equal(t, test.want, b.Agree(a).String())
		})
	}
}

// For any two States, Agree grants nothing that one of them does not grant, keeps every
// denial, and does not depend on their order.
func TestAgreeOnlyCloses(t *testing.T) {
	texts := []string{"1.?;;", "1.-;;", "1.+;;", "1.~;;", "1.?*;;"}
	for _, rest := range []string{"?", "-", "+", "~"} {
		for _, a := range []string{"", "+a", "-a", "~a"} {
			for _, b := range []string{"", "*;+A", "*;-A,+B", ";~A"} {
				mark, destinations := b, ""
				if b != "" {
					mark, destinations = b[:len(b)-len(b[1:])], b[1:]
				}
				switch {
				case b == "":
					texts = append(texts, "1."+rest+";"+a+";")
				case mark == "*":
					texts = append(texts, "1."+rest+"*;"+a+destinations)
				default:
					texts = append(texts, "1."+rest+";"+a+";"+destinations)
				}
			}
		}
	}
	for _, x := range texts {
		for _, y := range texts {
			a, b := stateOf(t, x), stateOf(t, y)
			got := a.Agree(b)
			require.Equal(t, got, b.Agree(a))
			for _, name := range []string{"a", "other"} {
				require.Equal(t, worse(a.Category(name), b.Category(name), got.Rest()), got.Category(name), "%s and %s: %s", x, y, got)
				require.True(t, got.Category(name) != consent.Granted || got.Presumed(name) || !a.Presumed(name) && !b.Presumed(name), "%s and %s: %s", x, y, got)
			}
			for _, name := range []string{"A", "B", "other"} {
				require.Equal(t, worse(a.Destination(name), b.Destination(name), got.Rest()), got.Destination(name), "%s and %s: %s", x, y, got)
			}
			require.Equal(t, got != consent.All(consent.Denied) && (a.AskedByDestination() || b.AskedByDestination()), got.AskedByDestination())
		}
	}
}

// worse is what two copies agree on, in a State whose rest is the given one.
func worse(a, b, rest consent.Choice) consent.Choice {
	switch {
	case a == consent.Denied || b == consent.Denied:
		return consent.Denied
	case a == consent.Granted && b == consent.Granted:
		return consent.Granted
	case rest == consent.Denied:
		return consent.Denied
	default:
		return consent.Unknown
	}
}

func stateOf(t *testing.T, text string) (s consent.State) {
	t.Helper()
	require.NoError(t, s.UnmarshalText([]byte(text)))
	return s
}
