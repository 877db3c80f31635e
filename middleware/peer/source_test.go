package peer_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/peer"
)

var (
	denied     = consent.All(consent.Denied)
	silent     = consent.NewState(nil)
	accepts    = consent.NewState(map[string]bool{"analytics": true})
	rejects    = consent.NewState(map[string]bool{"analytics": false})
	errAccount = errors.New("the account is not to be read")
)

const token = "Authorization"

// ours trusts requests with the token of the services.
func ours(r *http.Request) bool { return r.Header.Get(token) == "Bearer services" }

// says is a Source that always returns the same.
func says(s consent.State, err error) middleware.Source {
	return middleware.SourceFunc(func(*http.Request) (consent.State, error) { return s, err })
}

func text(t *testing.T, s consent.State) string {
	t.Helper()
	b, err := s.MarshalText()
	require.NoError(t, err)
	return string(b)
}

func TestSource(t *testing.T) {
	yes, no := text(t, accepts), text(t, rejects)
	large := "1.?;+" + strings.Repeat("a", 16<<10) + ";"
	for _, test := range []struct {
		name     string
		stranger bool
		header   []string
		visitors []middleware.Source
		want     consent.State
		err      error
	}{
		{name: "a peer's grant", header: []string{yes}, want: accepts},
		{name: "a peer's denial", header: []string{no}, want: rejects},
		{name: "a peer found no answer", header: []string{text(t, silent)}, want: silent},
		{name: "a peer asked nobody", header: []string{text(t, denied)}, want: denied},
		{name: "a presumed grant stays one", header: []string{text(t, accepts.Presume())}, want: accepts.Presume()},
		{name: "a peer says nothing", want: denied, err: peer.ErrNoAnswer},
		{name: "a peer says nothing, and a cookie grants", visitors: []middleware.Source{says(accepts, nil)}, want: denied, err: peer.ErrNoAnswer},
		{name: "an empty header", header: []string{""}, want: denied, err: peer.ErrNoAnswer},
		{name: "the same twice", header: []string{yes, yes}, want: denied, err: peer.ErrSeveral},
		{name: "two answers", header: []string{yes, no}, want: denied, err: peer.ErrSeveral},
		{name: "one and an empty one", header: []string{yes, ""}, want: denied, err: peer.ErrSeveral},
		{name: "two in one line", header: []string{yes + ", " + yes}, want: denied, err: consent.ErrStateText},
		{name: "two in one line, no space", header: []string{yes + "," + no}, want: denied, err: consent.ErrStateText},
		{name: "no text of a State", header: []string{"true"}, want: denied, err: consent.ErrStateText},
		{name: "a newer version", header: []string{"2" + yes[1:]}, want: denied, err: consent.ErrStateText},
		{name: "over 16 KiB", header: []string{large}, want: denied, err: consent.ErrStateText},

		{name: "a cookie denies on top", header: []string{yes}, visitors: []middleware.Source{says(rejects, nil)}, want: rejects},
		{name: "a cookie grants what the peer denies", header: []string{no}, visitors: []middleware.Source{says(accepts, nil)}, want: rejects},
		{name: "a cookie grants what the peer did not answer", header: []string{text(t, silent)}, visitors: []middleware.Source{says(accepts, nil)}, want: silent},
		{name: "no cookie", header: []string{yes}, visitors: []middleware.Source{says(silent, nil)}, want: accepts},
		{name: "a cookie that is not to be read", header: []string{yes}, visitors: []middleware.Source{says(accepts, errAccount)}, want: denied, err: errAccount},

		{name: "a stranger's grant", stranger: true, header: []string{yes}, want: denied, err: peer.ErrStranger},
		{name: "a stranger's denial", stranger: true, header: []string{no}, visitors: []middleware.Source{says(accepts, nil)}, want: denied, err: peer.ErrStranger},
		{name: "a stranger's grant and cookie", stranger: true, header: []string{yes}, visitors: []middleware.Source{says(accepts, nil)}, want: denied, err: peer.ErrStranger},
		{name: "a stranger's empty header", stranger: true, header: []string{""}, visitors: []middleware.Source{says(accepts, nil)}, want: denied, err: peer.ErrStranger},
		{name: "a stranger", stranger: true, want: denied, err: peer.ErrStranger},
		{name: "a visitor who accepts", stranger: true, visitors: []middleware.Source{says(silent, nil), says(accepts, nil)}, want: accepts},
		{name: "a visitor who rejects in one of two", stranger: true, visitors: []middleware.Source{says(accepts, nil), says(rejects, nil)}, want: rejects},
		{name: "a visitor without an answer", stranger: true, visitors: []middleware.Source{says(silent, nil)}, want: silent},
		{name: "a visitor, and a nil Source", stranger: true, visitors: []middleware.Source{says(accepts, nil), nil}, want: denied, err: middleware.ErrNoSource},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			if !test.stranger {
				r.Header.Set(token, "Bearer services")
			}
			if test.header != nil {
				r.Header[peer.Header] = test.header
			}
			got, err := peer.Source{Trusts: ours, Visitors: test.visitors}.Consent(r)
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestSourceTrustsNobodyUntilToldTo(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set(peer.Header, text(t, accepts))
	r.Header.Set(token, "Bearer services")
	got, err := peer.Source{}.Consent(r)
	require.ErrorIs(t, err, peer.ErrStranger)
	require.Equal(t, denied, got)
	got, err = peer.Source{Trusts: ours}.Consent(nil)
	require.ErrorIs(t, err, peer.ErrStranger)
	require.Equal(t, denied, got)
}

func TestSourceFindsTheHeaderInAnyCasing(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header[strings.ToLower(peer.Header)] = []string{text(t, accepts)} // as code that skips net/http may
	visitors := []middleware.Source{says(accepts, nil)}
	_, err := peer.Source{Trusts: ours, Visitors: visitors}.Consent(r)
	require.ErrorIs(t, err, peer.ErrStranger)

	r.Header.Set(token, "Bearer services")
	r.Header[peer.Header] = []string{text(t, rejects)}
	_, err = peer.Source{Trusts: ours, Visitors: visitors}.Consent(r)
	require.ErrorIs(t, err, peer.ErrSeveral)
}

// A Default grants nothing for a request that a Source refuses.
func TestDefaultIsNotCalledForUntrustedPeers(t *testing.T) {
	state, err := middleware.Read(httptest.NewRequest(http.MethodPost, "/", nil), middleware.Options{
		Sources: []middleware.Source{peer.Source{Trusts: ours}},
		Default: func(*http.Request) consent.State { return consent.All(consent.Granted) },
	})
	require.ErrorIs(t, err, peer.ErrStranger)
	require.Equal(t, denied, state)
}

func TestSourceConforms(t *testing.T) {
	fromPeer := func(value string) http.Header {
		return http.Header{token: {"Bearer services"}, peer.Header: {value}}
	}
	conformance.TestSource(t, func() peer.Source {
		return peer.Source{Trusts: ours, Visitors: []middleware.Source{cookie.Codec{}}}
	}, conformance.SourceExamples{
		Answers: []conformance.SourceAnswer{
			{Header: fromPeer(text(t, accepts)), State: accepts},
			{Header: fromPeer(text(t, rejects)), State: rejects},
		},
		Malformed: []http.Header{fromPeer("yes")},
	})
}

func FuzzSource(f *testing.F) {
	for _, s := range []consent.State{denied, silent, accepts, rejects} {
		f.Add(s.String(), true)
		f.Add(s.String()+","+s.String(), false)
	}
	f.Fuzz(func(t *testing.T, value string, trusted bool) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header[peer.Header] = []string{value}
		got, err := peer.Source{Trusts: func(*http.Request) bool { return trusted }}.Consent(r)
		if err != nil || !trusted {
			require.Equal(t, denied, got)
			require.Error(t, err)
			return
		}
		require.Equal(t, value, got.String(), "only what is canonical is read")
	})
}
