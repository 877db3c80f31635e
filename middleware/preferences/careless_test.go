package preferences_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware/preferences"
)

// A repetitive codec sets a denial, and then a grant in a cookie of the same name. Read as two
// copies in one request, they would be the denial, but the browser keeps the grant.
type repetitive struct{ textCodec }

func (c repetitive) Write(w http.ResponseWriter, r *http.Request, s consent.State) error {
	if err := c.textCodec.Write(w, r, s); err != nil {
		return err
	}
	return c.textCodec.Write(w, r, s.Restrict(consent.NewState(m{"more": true})))
}

func TestCodecThatSetsACookieTwice(t *testing.T) {
	b := newBench()
	b.Codec, b.Expand = repetitive{}, nil
	require.ErrorIs(t, b.Check(), preferences.ErrCodec)
	w := b.do(request{method: "POST", body: `{"categories":{"analytics":false}}`})
	require.Equal(t, 422, w.Code)
	require.Empty(t, w.Header()["Set-Cookie"])
}

// A careless codec returns an error together with what it had read so far.
type careless struct{ textCodec }

func (c careless) Consent(r *http.Request) (consent.State, error) {
	s, err := c.textCodec.Consent(r)
	if err != nil {
		return consent.NewState(m{"analytics": true}), err
	}
	return s, nil
}

// A State that is returned with an error does not count, as in the middleware.
func TestStateBesideAnErrorDoesNotCount(t *testing.T) {
	b := newBench()
	b.Codec, b.Expand = careless{}, nil
	get := show(t, b.do(request{method: "GET", cookies: "own=?"}))
	require.False(t, get.Decided)
	require.Empty(t, get.Categories)
	for name, allowed := range get.allowed() {
		require.Equal(t, name == "Webhooks", allowed, name) // strictly necessary
	}
	var before, after consent.State
	b.OnAnswer = func(_ *http.Request, held, given consent.State) { before, after = held, given }
	w := b.do(request{method: "POST", body: `{"categories":{"functional":true}}`, cookies: "own=?"})
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, consent.All(consent.Denied), before)
	require.Equal(t, consent.Denied, after.Category("analytics"))
	require.Equal(t, consent.Granted, after.Category("functional"))
	require.Equal(t, 200, b.do(request{method: "DELETE", cookies: "own=?"}).Code)
	require.Equal(t, consent.All(consent.Denied), before)
	require.Len(t, b.errs, 3)
}
