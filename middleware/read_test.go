package middleware_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

var (
	denied   = consent.All(consent.Denied)
	granted  = consent.All(consent.Granted)
	presumed = granted.Presume()
)

// serverRequest returns a request as a server sees it: with the host in Host, and
// neither scheme nor host in its URL.
func serverRequest(headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "https://shop.example/cart", nil)
	r.URL.Scheme, r.URL.Host = "", ""
	r.TLS = nil
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestServerRequestHasNoFetchMetadata(t *testing.T) {
	var seen url.URL
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = *r.URL }))
	defer server.Close()
	response, err := http.Get(server.URL + "/cart")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, seen, *serverRequest().URL)
}

// answer is a State of categories: "+a" grants a, "-a" denies it.
func answer(signed ...string) consent.State {
	m := make(map[string]bool)
	for _, s := range signed {
		m[s[1:]] = s[0] == '+'
	}
	return consent.NewState(m)
}

func outer(signed ...string) *consent.State {
	s := answer(signed...)
	return &s
}

func says(s consent.State) middleware.Source {
	return middleware.SourceFunc(func(*http.Request) (consent.State, error) { return s, nil })
}

func fails(s consent.State, err error) middleware.Source {
	return middleware.SourceFunc(func(*http.Request) (consent.State, error) { return s, err })
}

func signals(s consent.State) middleware.Signal {
	return func(*http.Request) consent.State { return s }
}

func defaults(s consent.State) func(*http.Request) consent.State {
	return func(*http.Request) consent.State { return s }
}

// pointerSource would answer even if it were nil.
type pointerSource struct{}

func (*pointerSource) Consent(*http.Request) (consent.State, error) { return granted, nil }

// sliceSource would answer even if it were nil.
type sliceSource []string

func (sliceSource) Consent(*http.Request) (consent.State, error) { return granted, nil }

// funcSource would answer even if it were nil.
type funcSource func()

func (funcSource) Consent(*http.Request) (consent.State, error) { return granted, nil }

func TestRead(t *testing.T) {
	type sources = []middleware.Source
	type signalList = []middleware.Signal
	errFirst, errSecond := errors.New("first"), errors.New("second")
	asked := answer("+a").WithDestinations(map[string]bool{"Amplitude": true})

	for _, test := range []struct {
		rule  string
		o     middleware.Options
		outer *consent.State
		want  consent.State
		errs  []error
	}{
		{rule: "the zero Options deny",
			want: denied, errs: []error{middleware.ErrNoSource}},
		{rule: "no Source denies, whatever the Default",
			o:    middleware.Options{Default: defaults(granted)},
			want: denied, errs: []error{middleware.ErrNoSource}},
		{rule: "no Source denies, whatever the outer State",
			outer: &granted,
			want:  denied, errs: []error{middleware.ErrNoSource}},
		{rule: "a nil Source denies",
			o:    middleware.Options{Sources: sources{nil}, Default: defaults(granted)},
			want: denied, errs: []error{middleware.ErrNoSource}},
		{rule: "a nil Source denies beside one that answers",
			o:    middleware.Options{Sources: sources{says(granted), nil}},
			want: denied, errs: []error{middleware.ErrNoSource}},
		{rule: "a nil SourceFunc denies",
			o:    middleware.Options{Sources: sources{middleware.SourceFunc(nil)}, Default: defaults(granted)},
			want: denied, errs: []error{middleware.ErrNoSource}},
		{rule: "a nil pointer denies",
			o:    middleware.Options{Sources: sources{(*pointerSource)(nil)}, Default: defaults(granted)},
			want: denied, errs: []error{middleware.ErrNoSource}},
		{rule: "a pointer that is not nil is asked",
			o:    middleware.Options{Sources: sources{&pointerSource{}}},
			want: granted},
		{rule: "a nil function of a custom type denies",
			o:    middleware.Options{Sources: sources{funcSource(nil)}, Default: defaults(granted)},
			want: denied, errs: []error{middleware.ErrNoSource}},
		{rule: "a nil slice denies",
			o:    middleware.Options{Sources: sources{sliceSource(nil)}, Default: defaults(granted)},
			want: denied, errs: []error{middleware.ErrNoSource}},

		{rule: "one Source is taken as it is",
			o:    middleware.Options{Sources: sources{says(asked)}},
			want: asked},
		{rule: "no answer is NewState(nil)",
			o:    middleware.Options{Sources: sources{says(consent.NewState(nil))}},
			want: consent.NewState(nil)},
		{rule: "of two Sources, a denial in the first wins",
			o:    middleware.Options{Sources: sources{says(answer("-a", "+b")), says(answer("+a"))}},
			want: answer("-a", "+b")},
		{rule: "of two Sources, a denial in the second wins",
			o:    middleware.Options{Sources: sources{says(answer("+a", "+b")), says(answer("-a"))}},
			want: answer("-a", "+b")},
		{rule: "a Source without an answer takes nothing from the other",
			o:    middleware.Options{Sources: sources{says(consent.NewState(nil)), says(asked), says(consent.NewState(nil))}},
			want: asked},
		{rule: "a Source that denies everything wins",
			o:    middleware.Options{Sources: sources{says(granted), says(denied)}, Default: defaults(granted)},
			want: denied},

		{rule: "an error denies, whatever its State",
			o:    middleware.Options{Sources: sources{fails(granted, errFirst)}},
			want: denied, errs: []error{errFirst}},
		{rule: "an error wins over an earlier answer",
			o:    middleware.Options{Sources: sources{says(granted), fails(consent.NewState(nil), errFirst)}},
			want: denied, errs: []error{errFirst}},
		{rule: "an error wins over a later answer",
			o:    middleware.Options{Sources: sources{fails(consent.NewState(nil), errFirst), says(granted)}},
			want: denied, errs: []error{errFirst}},
		{rule: "an error wins over the Default",
			o:    middleware.Options{Sources: sources{fails(consent.NewState(nil), errFirst)}, Default: defaults(granted)},
			want: denied, errs: []error{errFirst}},
		{rule: "an error wins over the outer State",
			o:     middleware.Options{Sources: sources{fails(consent.NewState(nil), errFirst)}},
			outer: &granted,
			want:  denied, errs: []error{errFirst}},
		{rule: "every error is joined",
			o:    middleware.Options{Sources: sources{fails(granted, errFirst), says(granted), fails(granted, errSecond)}},
			want: denied, errs: []error{errFirst, errSecond}},
		{rule: "every mistake in the Options is joined",
			o:    middleware.Options{Sources: sources{says(granted), nil}, Signals: signalList{nil}},
			want: denied, errs: []error{middleware.ErrNoSource, middleware.ErrNoSignal}},

		{rule: "the Default stands in where no Source answers",
			o:    middleware.Options{Sources: sources{says(consent.NewState(nil))}, Default: defaults(granted)},
			want: presumed},
		{rule: "the Default is not asked where a Source answers",
			o:    middleware.Options{Sources: sources{says(answer("+a"))}, Default: defaults(granted)},
			want: answer("+a")},
		{rule: "an empty list of destinations is an answer",
			o: middleware.Options{
				Sources: sources{says(consent.NewState(nil).WithDestinations(map[string]bool{}))},
				Default: defaults(granted)},
			want: consent.NewState(nil).WithDestinations(map[string]bool{})},

		{rule: "a Signal denies on top of an answer",
			o:    middleware.Options{Sources: sources{says(asked)}, Signals: signalList{signals(answer("-a"))}},
			want: answer("-a").WithDestinations(map[string]bool{"Amplitude": true})},
		{rule: "a Signal denies on top of the Default",
			o: middleware.Options{Sources: sources{says(consent.NewState(nil))}, Default: defaults(granted),
				Signals: signalList{signals(denied)}},
			want: denied},
		{rule: "a Signal's denial is no answer that would keep the Default away",
			o: middleware.Options{Sources: sources{says(consent.NewState(nil))}, Default: defaults(granted),
				Signals: signalList{signals(answer("-a"))}},
			want: presumed.Restrict(answer("-a"))},
		{rule: "a Signal's grants do not count",
			o:    middleware.Options{Sources: sources{says(consent.NewState(nil))}, Signals: signalList{signals(answer("+a", "-b"))}},
			want: answer("-b")},
		{rule: "a Signal that grants everything changes nothing",
			o:    middleware.Options{Sources: sources{says(answer("-a"))}, Signals: signalList{signals(granted)}},
			want: answer("-a")},
		{rule: "every Signal counts",
			o:    middleware.Options{Sources: sources{says(granted)}, Signals: signalList{signals(answer("-a")), signals(answer("-b"))}},
			want: granted.Restrict(answer("-a", "-b"))},
		{rule: "a nil Signal denies",
			o:    middleware.Options{Sources: sources{says(granted)}, Signals: signalList{signals(consent.NewState(nil)), nil}, Default: defaults(granted)},
			want: denied, errs: []error{middleware.ErrNoSignal}},

		{rule: "an outer State is restricted by the inner",
			o:     middleware.Options{Sources: sources{says(answer("+a", "-b"))}},
			outer: outer("-a", "+b", "+c"),
			want:  answer("-a", "-b", "+c")},
		{rule: "an outer denial of everything stays",
			o:     middleware.Options{Sources: sources{says(granted)}},
			outer: &denied,
			want:  denied},
		{rule: "an outer State without an answer changes nothing",
			o:     middleware.Options{Sources: sources{says(asked)}},
			outer: outer(),
			want:  asked},
		{rule: "the inner Default does not undo an outer denial",
			o:     middleware.Options{Sources: sources{says(consent.NewState(nil))}, Default: defaults(granted)},
			outer: outer("-a"),
			want:  presumed.Restrict(answer("-a"))},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := serverRequest()
			if test.outer != nil {
				r = r.WithContext(consent.NewContext(r.Context(), *test.outer))
			}
			state, err := middleware.Read(r, test.o)
			require.Equal(t, test.want, state)
			if len(test.errs) == 0 {
				require.NoError(t, err)
			}
			for _, want := range test.errs {
				require.ErrorIs(t, err, want)
			}
		})
	}
}

func TestReadOfANilRequestDenies(t *testing.T) {
	state, err := middleware.Read(nil, middleware.Options{Sources: []middleware.Source{says(granted)}})
	require.Equal(t, denied, state)
	require.ErrorIs(t, err, middleware.ErrNoSource)
}

func TestReadAsksEverySourceAfterAnError(t *testing.T) {
	asked := 0
	count := middleware.SourceFunc(func(*http.Request) (consent.State, error) {
		asked++
		return granted, errors.New("unreadable")
	})
	_, err := middleware.Read(serverRequest(), middleware.Options{Sources: []middleware.Source{count, count}})
	require.Error(t, err)
	require.Equal(t, 2, asked)
}

func TestReadAsksTheDefaultOnlyWithoutAnErrorOrAnAnswer(t *testing.T) {
	for _, test := range []struct {
		name   string
		source middleware.Source
		signal middleware.Signal
		want   int
	}{
		{"no answer", says(consent.NewState(nil)), signals(denied), 1},
		{"an answer", says(answer("-a")), signals(denied), 0},
		{"an error", fails(consent.State{}, errors.New("unreadable")), signals(denied), 0},
		{"a nil Source", nil, signals(denied), 0},
		{"a nil Signal", says(consent.NewState(nil)), nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := 0
			_, _ = middleware.Read(serverRequest(), middleware.Options{
				Sources: []middleware.Source{test.source},
				Signals: []middleware.Signal{test.signal},
				Default: func(*http.Request) consent.State { asked++; return granted },
			})
			require.Equal(t, test.want, asked)
		})
	}
}

func TestReadDoesNotRecoverPanics(t *testing.T) {
	panics := middleware.SourceFunc(func(*http.Request) (consent.State, error) { panic("a bug") })
	require.PanicsWithValue(t, "a bug", func() {
		_, _ = middleware.Read(serverRequest(), middleware.Options{Sources: []middleware.Source{panics}})
	})
}

func TestNilSourceFuncDenies(t *testing.T) {
	state, err := middleware.SourceFunc(nil).Consent(serverRequest())
	require.Equal(t, denied, state)
	require.ErrorIs(t, err, middleware.ErrNoSource)
}

func TestErrorsSayWhichSource(t *testing.T) {
	_, err := middleware.Read(serverRequest(), middleware.Options{
		Sources: []middleware.Source{says(granted), fails(granted, errors.New("unreadable"))},
	})
	require.EqualError(t, err, "middleware: Source 1, a middleware.SourceFunc: unreadable")
}

// Effective is what Read makes of the answer, whichever Source holds it.
func TestEffectiveIsReadWithoutTheSources(t *testing.T) {
	presumed := consent.NewState(map[string]bool{"advertising": true, "analytics": true})
	o := middleware.Options{
		Signals: []middleware.Signal{middleware.GPC("advertising")},
		Default: func(*http.Request) consent.State { return presumed },
	}
	for _, answered := range []consent.State{
		consent.NewState(nil), consent.NewState(map[string]bool{"analytics": false}), consent.All(consent.Denied), presumed,
	} {
		for _, site := range []string{"same-origin", "cross-site"} {
			for _, gpc := range []string{"0", "1"} {
				r := httptest.NewRequest(http.MethodPost, "https://shop.example.com/", nil)
				r.Header = http.Header{"Sec-Fetch-Site": {site}, "Sec-Gpc": {gpc}}
				o.Sources = []middleware.Source{middleware.SourceFunc(func(*http.Request) (consent.State, error) { return answered, nil })}
				want, err := middleware.Read(r, o)
				require.NoError(t, err)
				o.Sources = nil
				require.Equal(t, want, middleware.Effective(r, answered, o), "%v, %s, %s", answered, site, gpc)
			}
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	require.Equal(t, consent.All(consent.Denied), middleware.Effective(nil, presumed, o))
	require.Equal(t, consent.All(consent.Denied), middleware.Effective(r, presumed, middleware.Options{Signals: []middleware.Signal{nil}}))
}
