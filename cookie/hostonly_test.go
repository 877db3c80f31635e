package cookie

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
)

func TestHostOnly(t *testing.T) {
	s := consent.NewState(map[string]bool{"ads": false})
	value, err := Encode(s)
	require.NoError(t, err)
	codec := Codec{HostOnly: true}
	lines := func(do func(http.ResponseWriter) error) (list []string) {
		w := httptest.NewRecorder()
		require.NoError(t, do(w))
		for _, c := range w.Result().Cookies() {
			list = append(list, c.Domain+c.Path)
		}
		return list
	}
	one := withCookies(DefaultName + "=" + value)
	require.Equal(t, []string{"/"}, lines(func(w http.ResponseWriter) error { return codec.Write(w, one, s) }))
	require.Equal(t, []string{"/"}, lines(func(w http.ResponseWriter) error { return codec.Write(w, nil, s) }))
	require.Equal(t, []string{"example.com/", "/"}, lines(func(w http.ResponseWriter) error { return codec.Forget(w, one) }),
		"one copy, which may be of the domain")

	two := withCookies(DefaultName + "=" + value + "; " + DefaultName + "=" + value)
	require.Equal(t, []string{"example.com/"},
		lines(func(w http.ResponseWriter) error { return codec.ForgetCopies(w, two) }),
		"not those of the host, which RFC 6265 takes for one")
	require.Equal(t, []string{"/", "shop.example.com/"},
		lines(func(w http.ResponseWriter) error { return Codec{}.ForgetCopies(w, two) }), "all but that of the domain")
}

func TestHostOnlyHasNoDomain(t *testing.T) {
	codec := Codec{HostOnly: true, Template: http.Cookie{Domain: "example.com"}}
	w := httptest.NewRecorder()
	require.ErrorIs(t, codec.Write(w, withCookies(), consent.NewState(map[string]bool{"ads": false})), ErrNotEncodable)
	require.ErrorIs(t, codec.Forget(w, withCookies()), ErrNotEncodable)
	require.ErrorIs(t, codec.ForgetCopies(w, withCookies()), ErrNotEncodable)
	require.Empty(t, w.Header())
}
