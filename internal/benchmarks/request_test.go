package benchmarks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

type preferences struct {
	Destinations, Custom map[string]bool
}

func decodeJSON(value string) (p preferences, err error) {
	doc, err := url.PathUnescape(value)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(doc), &p)
}

func decodesAlike(b *testing.B, value string) {
	p, err := decodeJSON(value)
	require.NoError(b, err)
	s, err := cookie.Decode(value)
	require.NoError(b, err)
	require.Equal(b, p.Destinations, maps.Collect(s.Destinations()))
	require.Equal(b, p.Custom, maps.Collect(s.Categories()))
}

// The cost of reading the cookie of 20 destinations.
func BenchmarkDecode(b *testing.B) {
	value := cookieOf(0)
	decodesAlike(b, value)
	b.Run("impl=alternative", func(b *testing.B) { // url.PathUnescape and encoding/json
		b.ReportAllocs()
		for b.Loop() {
			decodeJSON(value)
		}
	})
	b.Run("impl=library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cookie.Decode(value)
		}
	})
}

// The same for cookies that were not seen before: there are too many to remember.
func BenchmarkDecodeNew(b *testing.B) {
	values := make([]string, 1<<14)
	for i := range values {
		values[i] = cookieOf(i)
		decodesAlike(b, values[i])
	}
	b.Run("impl=alternative", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			decodeJSON(values[i%len(values)])
		}
	})
	b.Run("impl=library", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			cookie.Decode(values[i%len(values)])
		}
	})
}

// The cost of a malformed cookie, and of the same cookie intact: seen before, and new.
func BenchmarkDecodeMalformed(b *testing.B) {
	value := cookieOf(0)
	b.Run("impl=alternative", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cookie.Decode(value)
		}
	})
	b.Run("impl=library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cookie.Decode(value[:len(value)-1])
		}
	})
}

func BenchmarkDecodeMalformedNew(b *testing.B) {
	values := make([]string, 1<<12)
	for i := range values {
		values[i] = cookieOf(i)
	}
	b.Run("impl=alternative", func(b *testing.B) { // well-formed ones
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			cookie.Decode(values[i%len(values)])
		}
	})
	b.Run("impl=library", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			value := values[i%len(values)]
			cookie.Decode(value[:len(value)-1])
		}
	})
}

type ownKey struct{}

// The cost of a request: six cookies, Global Privacy Control, the answer in the
// context; the alternative only puts something into the context.
func BenchmarkMiddleware(b *testing.B) {
	var state consent.State
	var served http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		state, _ = consent.Lookup(r.Context())
	})
	request := func(value string) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", "a=1; session=0123456789abcdef; theme=dark; "+cookie.DefaultName+"="+value+"; lang=de; b=2")
		r.Header.Set("Sec-GPC", "1")
		return r
	}
	var empty http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), ownKey{}, "")))
	})
	library := middleware.New(middleware.Options{
		Sources: []middleware.Source{cookie.Codec{}},
		Signals: []middleware.Signal{middleware.GPC("advertising")},
	})(served)

	r, w := request(cookieOf(0)), httptest.NewRecorder()
	library.ServeHTTP(w, r)
	require.Equal(b, consent.Granted, state.Category("functional"))
	require.Equal(b, consent.Denied, state.Category("advertising"))

	b.Run("impl=alternative", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			empty.ServeHTTP(w, r)
		}
	})
	b.Run("impl=library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			library.ServeHTTP(w, r)
		}
	})
}

// How the cost of a request grows with the number of different visitors.
func BenchmarkVisitors(b *testing.B) {
	h := middleware.New(middleware.Options{Sources: []middleware.Source{cookie.Codec{}}})(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, n := range []int{1, 1_000, 1_000_000} {
		b.Run(fmt.Sprintf("visitors=%d", n), func(b *testing.B) {
			r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
			headers := make([][]string, n)
			for i := range headers {
				headers[i] = []string{cookie.DefaultName + "=" + cookieOf(i)}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Header["Cookie"] = headers[i*7919%n]
				h.ServeHTTP(w, r)
			}
		})
	}
}

// Memory does not grow with the number of different values that visitors send. The first of them
// are large. CONSENT_VALUES is how many there are, 50,000 by default.
func TestMemoryIsBounded(t *testing.T) {
	values := 50_000
	if n, err := strconv.Atoi(os.Getenv("CONSENT_VALUES")); err == nil {
		values = n
	}
	var long strings.Builder // 3,900 bytes of short names, as many as fit
	for i := 0; long.Len() < 3900; i++ {
		fmt.Fprintf(&long, ",%q:true", strconv.FormatInt(int64(i), 36))
	}
	listed, own := newSite(20).policy, destinations.MustCompile(destinations.Config{})
	signal := consent.NewState(map[string]bool{"advertising": false})
	before := heap()
	for i := range values {
		rest := ""
		if i < 5_000 && i%10 > 0 {
			rest = long.String()
		}
		value := fmt.Sprintf(`{"custom":{"category0":true},"destinations":{"=%d":true%s}}`, i, rest)
		_, err := cookie.Decode(value)
		require.NoError(t, err)
		state, err := cookie.Decode(value) // what comes again is kept
		require.NoError(t, err)
		state = state.Restrict(signal)
		listed.Decide(state)
		own.Decide(state)
	}
	grown := int64(heap()) - int64(before)
	t.Logf("%d values: %d KiB more on the heap", values, grown/1024)
	require.Less(t, grown, int64(8<<20))
	runtime.KeepAlive(listed)
	runtime.KeepAlive(own)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
