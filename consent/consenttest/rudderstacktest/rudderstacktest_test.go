package rudderstacktest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/consenttest/rudderstacktest"
	"github.com/go-consent/segment/internal/failtest"
)

func compressed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

// post sends a request as a client would, and returns the status.
func post(t testing.TB, p *rudderstacktest.DataPlane, call, key, encoding, body string) int {
	t.Helper()
	r, err := http.NewRequest("POST", p.URL()+"/v1/"+call, strings.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth(key, "")
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	response.Body.Close()
	return response.StatusCode
}

const event = `{"type":"track","event":"e","userId":"u","messageId":"1"}`

func TestWhatIsTakenAndRefused(t *testing.T) {
	large := strings.Repeat("x", 33<<10)
	for name, c := range map[string]struct {
		call, key, encoding, body string
		status                    int
		reason                    string
	}{
		"a batch":                {"batch", "key", "", `{"batch":[` + event + `]}`, 200, ""},
		"gzip":                   {"batch", "key", "gzip", compressed(`{"batch":[` + event + `]}`), 200, ""},
		"a single call":          {"track", "key", "", event, 200, ""},
		"without a type":         {"track", "key", "", `{"event":"e","anonymousId":"a"}`, 200, ""},
		"an unknown call":        {"pixel", "key", "", event, 404, "there is no /v1/pixel"},
		"another key":            {"batch", "no", "", `{"batch":[` + event + `]}`, 401, "the write key is not that of the source"},
		"no JSON":                {"batch", "key", "", "{", 400, "the body is not JSON of a batch"},
		"an empty batch":         {"batch", "key", "", `{"batch":[]}`, 400, "the batch is empty"},
		"no gzip":                {"batch", "key", "gzip", "{}", 400, "the body is not gzip"},
		"cut gzip":               {"batch", "key", "gzip", compressed("{}")[:20], 400, "the body cannot be read"},
		"nobody":                 {"track", "key", "", `{"event":"e"}`, 400, "request neither has anonymousId nor userId"},
		"null":                   {"track", "key", "", "null", 400, "request neither has anonymousId nor userId"},
		"an unknown type":        {"batch", "key", "", `{"batch":[{"type":"x","userId":"u"}]}`, 400, "an event is of no known type"},
		"an event of other form": {"batch", "key", "", `{"batch":[[]]}`, 400, "an event is not an object with the fields of the specification"},
		"one bad event of two":   {"batch", "key", "", `{"batch":[` + event + `,{"type":"track"}]}`, 400, "request neither has anonymousId nor userId"},
		"over 32 KB":             {"track", "key", "", `{"userId":"` + large + `"}`, 413, "an event is over 32 KB"},
		"over 4 MB":              {"batch", "key", "gzip", compressed(strings.Repeat(" ", 5<<20)), 413, "the body is over 4 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			p := rudderstacktest.New(t, rudderstacktest.Source{
				Destinations: []rudderstacktest.Destination{{Name: "Amplitude"}}, WriteKey: "key",
			})
			require.Equal(t, c.status, post(t, p, c.call, c.key, c.encoding, c.body))
			if c.reason == "" {
				require.Empty(t, p.Refusals())
				require.Equal(t, "track", p.RequireInbox(t, "Amplitude", 1)[0].Type)
				return
			}
			require.Equal(t, []rudderstacktest.Refusal{{Status: c.status, Reason: c.reason}}, p.Refusals())
			p.RequireArrivals(t, 0)
			p.Reset()
			require.Empty(t, p.Refusals())
		})
	}
}

func TestFaults(t *testing.T) {
	p := rudderstacktest.New(t, rudderstacktest.Source{WriteKey: "key"})
	open := make(chan struct{})
	close(open)
	p.Script(rudderstacktest.Fault{Status: 503}, rudderstacktest.Fault{}, rudderstacktest.Fault{Until: open})
	for i, status := range []int{503, 200, 200, 200} {
		require.Equal(t, status, post(t, p, "track", "key", "", event), i)
	}
	p.RequireArrivals(t, 3)
	require.Empty(t, p.Refusals(), "a fault is none")
	require.Equal(t, 4, p.Requests())

	send := func() error {
		r, err := http.NewRequest("POST", p.URL()+"/v1/track", strings.NewReader(event))
		require.NoError(t, err)
		r.SetBasicAuth("key", "")
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
		return err
	}
	p.Reset()
	p.Script(rudderstacktest.Fault{Reset: true}, rudderstacktest.Fault{HalfResponse: true}, rudderstacktest.Fault{Until: make(chan struct{})})
	require.Error(t, send())
	p.RequireArrivals(t, 0)
	require.ErrorIs(t, send(), io.ErrUnexpectedEOF)
	p.RequireArrivals(t, 1)

	hung := make(chan error)
	go func() { hung <- send() }()
	for p.Requests() < 3 {
		runtime.Gosched()
	}
	p.Stop()
	require.Error(t, <-hung)
	p.RequireArrivals(t, 1)
	require.Error(t, send())
	p.Stop() // again, as the end of the test does
}

func TestWhatIsKept(t *testing.T) {
	p := rudderstacktest.New(t, rudderstacktest.Source{Keep: 2})
	for i := range 4 {
		require.Equal(t, 200, post(t, p, "track", p.WriteKey(), "", `{"userId":"u","messageId":"`+string(rune('0'+i))+`"}`))
	}
	kept := p.RequireArrivals(t, 2)
	require.Equal(t, []string{"2", "3"}, []string{kept[0].MessageID, kept[1].MessageID})
	kept[0].JSON[0] = 'x'
	require.Equal(t, byte('{'), p.Arrivals()[0].JSON[0], "a copy")
}

func TestFailuresTellWhatArrived(t *testing.T) {
	p := rudderstacktest.New(t, rudderstacktest.Source{Destinations: []rudderstacktest.Destination{{Name: "Amplitude"}}, WriteKey: "key"})
	fails := func(test func(testing.TB)) string { return failtest.One(t, test) }
	require.Contains(t, fails(func(tb testing.TB) { p.RequireInbox(tb, "Amplitude", 0) }), "nothing has arrived, which proves nothing")
	require.Contains(t, fails(func(tb testing.TB) { p.RequireInbox(tb, "Mixpanel", 1) }), `no destination "Mixpanel"`)
	post(t, p, "track", "no", "", event)
	post(t, p, "track", "key", "", `{"event":"Ordered","userId":"u","integrations":{"All":false}}`)
	require.Equal(t, `rudderstacktest: 0 events were delivered to Amplitude, want 1
	1. track "Ordered": filtered by the integrations object; integrations {"All":false}, consentManagement none
	refused with status 401: the write key is not that of the source`,
		fails(func(tb testing.TB) { p.RequireInbox(tb, "Amplitude", 1) }))
	require.Contains(t, fails(func(tb testing.TB) { p.RequireArrivals(tb, 2) }), `1 events arrived, want 2
	1. track "Ordered": arrived;`)
}
