package snowplow

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// FuzzPayload makes payloads of messages with texts and JSON of anybody: it never panics, what
// it returns is whole, and an error is one of those that New names.
func FuzzPayload(f *testing.F) {
	f.Add(uint8(0), "id", "u", "Order Completed", `{"url":"https://e.example/"}`, `{"snowplow":{"basis":"consent"}}`, int64(0))
	f.Add(uint8(1), "5A305BF5-32FC-40D9-B0E8-66052F0F2C95", "u", "", `{"url":"https://e.example/","title":1}`, `{"IP":"x"}`, int64(1))
	f.Add(uint8(2), "", "", "n", `null`, `{"snowplow":{"preferences":{"eventType":"allow_all"}}}`, int64(-1))
	f.Add(uint8(3), "", "\xff", "n", `{"url":"::"}`, `{"snowplow":[]}`, int64(1<<60))
	f.Fuzz(func(t *testing.T, kind uint8, id, user, name, object, extra string, seconds int64) {
		var properties, more map[string]any
		if json.Unmarshal([]byte(object), &properties) != nil || json.Unmarshal([]byte(extra), &more) != nil {
			return
		}
		about, at := &analytics.Context{UserAgent: name, Extra: more}, time.Unix(seconds, 0)
		c := converter{schemas: map[string]string{"Order Completed": "iglu:a/b/jsonschema/1-0-0"}, gdpr: &GDPR{}, busy: make(chan bool)}
		m := []analytics.Message{
			analytics.Track{MessageId: id, UserId: user, Event: name, Properties: properties, Context: about, Timestamp: at},
			analytics.Page{MessageId: id, UserId: user, Name: name, Properties: properties, Context: about, Timestamp: at},
			analytics.Screen{MessageId: id, UserId: user, Name: name, Properties: properties, Context: about, Timestamp: at},
			analytics.Identify{MessageId: id, UserId: user, Traits: properties, Context: about, Timestamp: at},
			analytics.Group{MessageId: id, UserId: user, GroupId: name, Traits: properties, Context: about, Timestamp: at},
			analytics.Alias{MessageId: id, UserId: user, PreviousId: name, Context: about, Timestamp: at},
		}[kind%6]
		p, size, err := c.payload(m)
		if err != nil {
			require.True(t, errors.Is(err, ErrField) || errors.Is(err, consent.ErrNoJSON) || errors.Is(err, analytics.ErrMessageTooBig), "%v", err)
			return
		}
		require.LessOrEqual(t, len(p.String()), size)
		require.True(t, isUUID(p.Pairs["eid"]))
		require.Equal(t, user, p.Pairs["uid"])
		require.LessOrEqual(t, length(p.Pairs["ua"]), maxUserAgent)
		if p.Pairs["e"] == "ue" {
			require.NotEmpty(t, p.Pairs["ue_px"])
		} else {
			require.NotEmpty(t, p.Pairs["url"])
		}
	})
}

func TestEventIDs(t *testing.T) {
	require.Equal(t, "5a305bf5-32fc-40d9-b0e8-66052f0f2c95", eventID("5A305BF5-32FC-40D9-B0E8-66052F0F2C95"))
	made := eventID("order-1")
	require.True(t, isUUID(made))
	require.Equal(t, made, eventID("order-1"))
	require.NotEqual(t, made, eventID("order-2"))
	require.NotEqual(t, eventID(""), eventID(""))
	for _, no := range []string{"5a305bf5-32fc-40d9-b0e8-66052f0f2c9", "5a305bf5032fc-40d9-b0e8-66052f0f2c95", "5a305bf5-32fc-40d9-b0e8-66052f0f2c9g"} {
		require.False(t, isUUID(no))
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"a😀b", 2, "a"}, {"a😀b", 3, "a😀"}, {"", 0, ""}} {
		require.Equal(t, c.want, cut(c.text, c.most))
	}
}
