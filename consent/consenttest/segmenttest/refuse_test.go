package segmenttest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/segmenttest"
)

const key = "key"

func event(extra string) string {
	return `{"type":"track","event":"e","userId":"u","messageId":"1"` + extra + `}`
}

func batch(events ...string) string {
	return `{"writeKey":"key","batch":[` + strings.Join(events, ",") + `]}`
}

var (
	zipped = http.Header{"Content-Encoding": {"gzip"}}
	spaces = strings.Repeat(" ", 500<<10)
)

var requests = []struct {
	name, call string
	header     http.Header
	body       string
	status     int
	reason     string // "": taken
}{
	{"a batch", "batch", nil, batch(event("")), 200, ""},
	{"gzip", "batch", zipped, compressed(batch(event(""))), 200, ""},
	{"an empty batch", "batch", nil, batch(), 200, ""},
	{"a single call", "track", nil, event(`,"writeKey":"key"`), 200, ""},
	{"a short path", "p", nil, event(`,"writeKey":"key"`), 200, ""},
	{"an unknown call", "import", nil, batch(), 404, "there is no /v1/import"},
	{"no key", "batch", nil, `{"batch":[]}`, 401, "the write key is not that of the source"},
	{"a wrong key", "batch", http.Header{"Authorization": {"Basic b3RoZXI6"}}, batch(), 401, "the write key is not that of the source"},
	{"no JSON", "batch", nil, "{", 400, "the body is not JSON of a batch or an event"},
	{"no gzip", "batch", zipped, batch(), 400, "the body is not gzip"},
	{"cut gzip", "batch", zipped, compressed(batch())[:20], 400, "the body cannot be read"},
	{"another encoding", "batch", http.Header{"Content-Encoding": {"br"}}, batch(), 400, "the body is of an unknown encoding"},
	{"over 500 KB", "batch", nil, batch(event("")) + spaces, 400, "the body is over 500 KB"},
	{"over 500 KB when unpacked", "batch", zipped, compressed(batch(event("")) + spaces), 400, "the body is over 500 KB"},
	{"over 500 KB of gzip with nothing in it", "batch", zipped, strings.Repeat(compressed(""), 30_000), 400, "the body cannot be read"},
	{"too many events", "batch", nil, batch(strings.Split(strings.Repeat("{} ", 2501), " ")[:2501]...), 400, "the batch has more than 2500 events"},
	{"an event over 32 KB", "batch", nil, batch(event(`,"x":"` + strings.Repeat("x", 32<<10) + `"`)), 400, "an event is over 32 KB"},
	{"a single event over 32 KB", "track", nil, event(`,"writeKey":"key","x":"` + strings.Repeat("x", 32<<10) + `"`), 400, "an event is over 32 KB"},
	{"an event that is no object", "batch", nil, batch(`[]`), 400, "an event is not an object with the fields of the specification"},
	{"null", "batch", nil, batch(`null`), 400, "an event is of no known type"},
	{"a short type", "batch", nil, batch(`{"type":"t","userId":"u"}`), 400, "an event is of no known type"},
	{"nobody", "batch", nil, batch(`{"type":"track","event":"e"}`), 400, "no_user_anon_id: an event has neither userId nor anonymousId"},
	{"a long id", "batch", nil, batch(`{"type":"page","userId":"u","messageId":"` + strings.Repeat("1", 100) + `"}`), 400, "a messageId has 100 characters or more"},
	{"malformed integrations", "batch", nil, batch(event(`,"integrations":[]`)), 400, "an event has a malformed consent or integrations object"},
	{"one bad event refuses the batch", "batch", nil, batch(event(""), `{"type":"x","userId":"u"}`), 400, "an event is of no known type"},
	{"an update without preferences", "track", nil, `{"writeKey":"key","event":"Segment Consent Preference Updated","userId":"u","context":{"consent":{}}}`,
		400, "context.consent.categoryPreferences object is required"},
	{"an update with preferences", "track", nil, `{"writeKey":"key","event":"Segment Consent Preference Updated","userId":"u","context":{"consent":{"categoryPreferences":{"a":true}}}}`,
		200, ""},
}

func TestSegmentRefuses(t *testing.T) {
	for _, test := range requests {
		t.Run(test.name, func(t *testing.T) {
			segment := segmenttest.New(t, segmenttest.Workspace{WriteKey: key})
			require.Equal(t, test.status, post(t, segment, test.call, test.header.Clone(), test.body).StatusCode)
			if test.reason == "" {
				require.Empty(t, segment.Refusals())
				return
			}
			require.Equal(t, []segmenttest.Refusal{{Status: test.status, Reason: test.reason}}, segment.Refusals())
			require.Empty(t, segment.Arrivals())
		})
	}
}
