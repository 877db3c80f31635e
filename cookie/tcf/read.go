package tcf

import (
	"net/http"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie"
)

// read stands in for cookie.Read.
func read(r *http.Request, name string, decode func(string) (consent.State, error)) (consent.State, error) {
	values := cookie.Values(r, name)
	if len(values) > 16 {
		return consent.All(consent.Denied), errTooLong
	}
	s := consent.NewState(nil)
	for _, value := range values {
		if len(value) > 4096 {
			return consent.All(consent.Denied), errTooLong
		}
		t, err := decode(value)
		if err != nil {
			return consent.All(consent.Denied), err
		}
		s = s.Restrict(t)
	}
	return s, nil
}
