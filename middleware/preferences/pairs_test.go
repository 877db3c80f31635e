package preferences_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/cookie/custom"
	"github.com/go-consent/segment/middleware/preferences"
)

// A pair is a Codec with which the test suites run.
type pair struct {
	codec      preferences.Codec // nil: the Consent Manager's
	cookie     string            // its name
	byCategory bool              // it holds no answers for destinations
	share      int               // one of so many cases
}

var siteCategories = []string{"advertising", "analytics", "functional"}

var pairs = map[string]pair{
	"the Consent Manager's":     {cookie: cookie.DefaultName, share: 1},
	"a custom codec":            {codec: textCodec{}, cookie: "own", share: 4},
	"a banner with JSON":        {codec: custom.Source{}, cookie: "consent", byCategory: true, share: 8},
	"a banner with a list":      {codec: custom.Source{Template: http.Cookie{Name: "banner"}, Format: custom.List, Categories: siteCategories}, cookie: "banner", byCategory: true, share: 8},
	"a banner with two cookies": {codec: custom.Source{Format: custom.Pairs, Categories: siteCategories, AnsweredBy: "asked"}, cookie: "consent", byCategory: true, share: 8},
}

// encode returns the cookies in which the pair keeps s.
func (p pair) encode(t testing.TB, s consent.State) []*http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	require.NoError(t, p.reader().Write(w, new(http.Request), s))
	return w.Result().Cookies()
}

func (p pair) reader() preferences.Codec {
	if p.codec == nil {
		return cookie.Codec{}
	}
	return p.codec
}

// A textCodec keeps the text of a State in a cookie.
type textCodec struct{}

func (textCodec) Consent(r *http.Request) (consent.State, error) {
	return cookie.Read(r, "own", func(value string) (s consent.State, err error) {
		err = s.UnmarshalText([]byte(cookie.Unescape(value)))
		return s, err
	})
}

func (textCodec) Write(w http.ResponseWriter, r *http.Request, s consent.State) error {
	return cookie.Set(w, r, http.Cookie{Name: "own", Value: url.QueryEscape(s.String())})
}

func (textCodec) ForgetCopies(w http.ResponseWriter, r *http.Request) error {
	return cookie.UnsetCopies(w, r, http.Cookie{Name: "own"})
}

func (textCodec) Forget(w http.ResponseWriter, r *http.Request) error {
	return cookie.Unset(w, r, http.Cookie{Name: "own"})
}
