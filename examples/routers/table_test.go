package main

import (
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"testing"

	rudder "github.com/rudderlabs/analytics-go/v4"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/mparticletest"
	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/consenttest/snowplowtest"
	"github.com/go-consent/segment/consent/mparticle"
	"github.com/go-consent/segment/consent/rudderstack"
	"github.com/go-consent/segment/consent/snowplow"
	"github.com/go-consent/segment/destinations"
)

// A connected is a client of a router, and how many events each destination behind it got.
type connected struct {
	client *consent.Client
	got    func(destination string) int
}

// behind are the destinations of a row; the second is the one that is denied.
var behind, behindEngage = []string{"Amplitude", "Facebook Pixel", "Amazon S3"}, []string{"Amplitude", "Engage", "Amazon S3"}

// rows are the routers of the table, each with everything connected.
var rows = []struct {
	name    string
	behind  []string
	connect func(*testing.T, consent.Policy, *consent.Options) connected
}{
	{"Segment", behind, toSegment(behind, nil)},
	{"RudderStack", behind, toRudderStack},
	{"Snowplow", behind, toSnowplow},
	{"mParticle, with rules", behind, toMParticle(true)},
	{"mParticle, without rules", behind, toMParticle(false)},
	{"Twilio Engage", behindEngage, toSegment(behindEngage, nil)},
	{"Customer.io", behind, toSegment(behind, consent.Gate{Destinations: behind})},
	{"Hightouch", behind, toSegment(behind, consent.Gate{Destinations: behind})},
}

// toSegment sends to what takes the events of analytics-go, and enforces no categories.
func toSegment(behind []string, r consent.Router) func(*testing.T, consent.Policy, *consent.Options) connected {
	return func(t *testing.T, p consent.Policy, o *consent.Options) connected {
		s := segmenttest.New(t, segmenttest.Workspace{Destinations: behind})
		o.Router = r
		c, err := consent.NewSegment(s.WriteKey(), s.Config(), p, o)
		require.NoError(t, err)
		return connected{c, func(name string) int { return len(s.Inbox(name)) }}
	}
}

func toRudderStack(t *testing.T, p consent.Policy, o *consent.Options) connected {
	var source rudderstacktest.Source
	for _, name := range behind {
		source.Destinations = append(source.Destinations, rudderstacktest.Destination{Name: name})
	}
	s := rudderstacktest.New(t, source)
	c, err := rudderstack.New(s.WriteKey(), rudder.Config{
		DataPlaneUrl: s.URL(), Logger: rudder.StdLogger(log.New(io.Discard, "", 0)),
	}, rudderstack.Router{}, p, o)
	require.NoError(t, err)
	return connected{c, func(name string) int { return len(s.Inbox(name)) }}
}

func toSnowplow(t *testing.T, p consent.Policy, o *consent.Options) connected {
	s := snowplowtest.New(t, snowplowtest.Pipeline{Destinations: behind})
	c, err := snowplow.New(snowplow.Config{Collector: s.URL()}, snowplow.Router{
		Destinations: behind,
		Preferences: &snowplow.Preferences{
			URL: "https://www.example.com/privacy", Version: "1", Domains: []string{"example.com"}, Necessary: []string{"necessary"},
		},
	}, p, o)
	require.NoError(t, err)
	return connected{c, func(name string) int { return len(s.Inbox(name)) }}
}

func toMParticle(rules bool) func(*testing.T, consent.Policy, *consent.Options) connected {
	return func(t *testing.T, p consent.Policy, o *consent.Options) connected {
		var w mparticletest.Workspace
		var r mparticle.Router
		for i, name := range behind {
			purpose := ""
			if rules {
				purpose = []string{"analytics", "advertising", "archive"}[i]
			}
			w.Connections = append(w.Connections, mparticletest.Connection{Output: name, Purpose: purpose})
			r.Outputs = append(r.Outputs, mparticle.Output{Name: name, Purpose: purpose})
		}
		s := mparticletest.New(t, w)
		c, err := mparticle.New(mparticle.Config{Endpoint: s.URL(), Key: s.Key(), Secret: s.Secret()}, r, p, o)
		require.NoError(t, err)
		return connected{c, func(name string) int { return len(s.Inbox(name)) }}
	}
}

const (
	nobody    = -1 // is denied
	forRouter = -2 // the message is for the router, whatever destination may see it
)

// The columns of the table.
var (
	granted = map[string]bool{"analytics": true, "advertising": true, "archive": true}
	order   = analytics.Track{UserId: "u", Event: "Order Completed"}
	alias   = analytics.Alias{UserId: "u", PreviousId: "p"}
	update  = analytics.Track{UserId: "u", Event: consent.UpdateEvent}
	columns = []struct {
		head    string
		denied  int // index of the destination that may get nothing, or one of these
		state   consent.State
		message analytics.Message
	}{
		{"Facebook Pixel is denied", 1, without("advertising"), order},
		{"Amazon S3 is denied", 2, without("archive"), order},
		{"everything is allowed", nobody, consent.NewState(granted), order},
		{"an Alias, with Facebook Pixel denied", 1, without("advertising"), alias},
		{"a new answer", forRouter, without("advertising"), update},
		{"nobody looked", 1, consent.State{}, order},
	}
)

func without(category string) consent.State {
	return consent.NewState(granted).Restrict(consent.NewState(map[string]bool{category: false}))
}

// TestTableOfRouters compares what the clients do, and what then arrives at the fakes, with
// the table of ROUTERS.md.
func TestTableOfRouters(t *testing.T) {
	want := "| router |"
	for _, c := range columns {
		want += " " + c.head + " |"
	}
	want += "\n|" + strings.Repeat("---|", len(columns)+1) + "\n"
	for _, row := range rows {
		want += "| " + row.name + " |"
		for _, c := range columns {
			policy := destinations.MustCompile(destinations.Config{Categories: map[string][]string{
				"analytics": {row.behind[0]}, "advertising": {row.behind[1]}, "archive": {row.behind[2]},
			}})
			var told []consent.Outcome
			to := row.connect(t, policy, &consent.Options{OnOutcome: func(_ analytics.Message, o consent.Outcome) { told = append(told, o) }})
			err := to.client.With(c.state).Enqueue(c.message)
			require.NoError(t, to.client.Close())
			require.Len(t, told, 1)
			require.Equal(t, told[0].Result == consent.Refused, err != nil)
			want += " " + word(t, told[0], to, row.behind, c.denied) + " |"
		}
		want += "\n"
	}
	text, err := os.ReadFile("../../.github/ROUTERS.md")
	require.NoError(t, err)
	require.Contains(t, string(text), want)

	// The table above it has the same routers, and each says what is enforced, kept back and
	// out of our hands.
	described := tableOf(t, string(text), "| router | what it enforces")
	for _, row := range rows {
		name, _, _ := strings.Cut(row.name, ",")
		found := slices.ContainsFunc(described, func(cells []string) bool {
			router, _, _ := strings.Cut(cells[0], ":")
			return router == name
		})
		require.True(t, found, "%s is not described", name)
	}
	require.Len(t, described, len(rows)-1, "mParticle has two rows below")
}

// word returns the outcome in a word, having looked at what arrived.
func word(t *testing.T, o consent.Outcome, to connected, behind []string, denied int) string {
	t.Helper()
	left := o.Result == consent.Delivered
	if left && denied == forRouter {
		return string(o.Result)
	}
	for i, name := range behind {
		want := 0
		if left && i != denied {
			want = 1
		}
		require.Equal(t, want, to.got(name), "%s, of a message that is %s", name, o.Result)
	}
	if left && denied != nobody {
		return "closed"
	}
	return string(o.Result)
}

// tableOf returns the cells of a Markdown table below its head.
func tableOf(t *testing.T, text, head string) (cells [][]string) {
	t.Helper()
	_, table, ok := strings.Cut(text, head)
	require.True(t, ok)
	for _, line := range strings.Split(table, "\n")[2:] {
		if !strings.HasPrefix(line, "| ") {
			break
		}
		row := strings.Split(strings.Trim(line, "| "), " | ")
		require.Len(t, row, 4, line)
		cells = append(cells, row)
	}
	return cells
}
