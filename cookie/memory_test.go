package cookie

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

// What outlives a request, as a message that waits to be sent does, must not keep the
// request's header in memory: 64 results of headers of a megabyte would be 64 MB.
func TestReadStateDoesNotRetainHeader(t *testing.T) {
	filler := strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct {
		cookie string // with a %d to be another one each time
		read   func(*http.Request) any
	}{
		"AnonymousID":        {"ajs_anonymous_id=id-%d", func(r *http.Request) any { return AnonymousID(r) }},
		"AnonymousID, JSON":  {`ajs_anonymous_id="id-%d"`, func(r *http.Request) any { return AnonymousID(r) }},
		"AnonymousID, digit": {"ajs_anonymous_id=1%d", func(r *http.Request) any { return AnonymousID(r) }},
		"UserID":             {"ajs_user_id=id-%d", func(r *http.Request) any { return UserID(r) }},
		"Codec":              {DefaultName + `={"custom":{"a%d":true}}`, consentOf(Codec{}.Consent)},
		"Codec, read twice": {DefaultName + `={"custom":{"b%d":true}}`, func(r *http.Request) any {
			_, err := Codec{}.Consent(r)
			require.NoError(t, err)
			return consentOf(Codec{}.Consent)(r)
		}},
		"Read": {"n=a%d", consentOf(func(r *http.Request) (consent.State, error) {
			return Read(r, "n", func(value string) (consent.State, error) {
				return consent.NewState(map[string]bool{value: true}), nil
			})
		})},
	} {
		t.Run(name, func(t *testing.T) {
			results := make([]any, 0, 64)
			before := heap()
			for i := range cap(results) {
				result := test.read(withCookies(filler + "; " + fmt.Sprintf(test.cookie, i)))
				require.NotEmpty(t, result)
				results = append(results, result)
			}
			require.Less(t, heap()-before, int64(16<<20))
			runtime.KeepAlive(results)
		})
	}
}

func consentOf(read func(*http.Request) (consent.State, error)) func(*http.Request) any {
	return func(r *http.Request) any {
		s, err := read(r)
		if err != nil || !s.Answered() {
			return nil
		}
		return s
	}
}

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
