package middleware_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

// A browser is a cookie jar with a script that keeps the answer for the host alone, where
// the server keeps it for the domain.
type browser struct {
	t    *testing.T
	jar  *cookiejar.Jar
	page *url.URL
}

func newBrowser(t *testing.T) browser {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return browser{t, jar, &url.URL{Scheme: "https", Host: "www.shop.example", Path: "/a/b"}}
}

func (b browser) script(value string) {
	b.jar.SetCookies(b.page, []*http.Cookie{{Name: answerName, Value: value, Path: "/a", MaxAge: 3600}})
}

// copies returns the values of the answer in the order in which they are sent.
func (b browser) copies() (values []string) {
	for _, c := range b.jar.Cookies(b.page) {
		if c.Name == answerName {
			values = append(values, c.Value)
		}
	}
	return values
}

func (b browser) visit(n middleware.Renew, later time.Duration) []*http.Cookie {
	r := navigation("")
	r.RequestURI, r.Host = b.page.Path, b.page.Host
	for _, c := range b.jar.Cookies(b.page) {
		r.Header.Add("Cookie", c.Name+"="+c.Value)
	}
	cookies := n.Cookies(r, time.Now().Add(later))
	seen := make(map[[3]string]bool)
	for _, c := range cookies {
		id := [3]string{c.Name, c.Domain, c.Path}
		require.False(b.t, seen[id], "two lines of %q", id)
		seen[id] = true
	}
	b.jar.SetCookies(b.page, cookies)
	return cookies
}

func TestRenewMergesTwoCopies(t *testing.T) {
	const first, second = "{%22custom%22:{%22b%22:false%2C%22c%22:true}}", "{%22custom%22:{%22c%22:false}}"
	for name, test := range map[string]struct {
		before, after, want string
		later               time.Duration
	}{
		"a denial":              {accepted, rejected, rejected, 0},
		"a grant":               {rejected, accepted, rejected, day},
		"the same":              {accepted, accepted, accepted, day},
		"the same denial":       {rejected, rejected, rejected, day},
		"an answer in two ways": {first, second, "{%22version%22:1%2C%22custom%22:{%22b%22:false%2C%22c%22:false}}", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // no day ends meanwhile
				b := newBrowser(t)
				b.script(test.before)
				require.Len(t, b.visit(middleware.Renew{}, 0), 2)
				require.Equal(t, []string{test.before, test.before}, b.copies(), "one beside the script's")
				b.script(test.after)
				b.visit(middleware.Renew{}, test.later)
				require.Equal(t, []string{test.want}, b.copies())
				require.Empty(t, b.visit(middleware.Renew{}, test.later))
			})
		})
	}
}

func TestRenewLeavesCopiesThatItDidNotMake(t *testing.T) {
	b := newBrowser(t)
	b.script(accepted)
	b.jar.SetCookies(b.page, []*http.Cookie{{Name: answerName, Value: rejected, Path: "/"}})
	require.Empty(t, b.visit(middleware.Renew{}, 0))
	require.Len(t, b.copies(), 2)
}

// At the registrable domain itself, the copy for the host alone cannot be told from the
// answer's own, and stays.
func TestRenewAtTheRegistrableDomain(t *testing.T) {
	r := navigation(answerName + "=" + accepted + "; " + answerName + "=" + rejected)
	r.Host = "shop.example"
	require.Empty(t, middleware.Renew{}.Cookies(r, noon), "not of its making")
	r.Header.Add("Cookie", seenName+"=20700.20781.0123456789abcdef")
	cookies := middleware.Renew{}.Cookies(r, noon)
	require.Len(t, cookies, 2)
	require.Equal(t, rejected, cookies[0].Value)
}

// What no response can expire, as a copy with Partitioned, is not tried with every page.
func TestRenewTriesOnceADay(t *testing.T) {
	r := navigation("")
	companion := "20700.20780.0123456789abcdef"
	var tried int
	for hour := range 48 {
		r.Header.Set("Cookie", answerName+"="+accepted+"; "+answerName+"="+rejected+"; "+seenName+"="+companion)
		for _, c := range (middleware.Renew{}).Cookies(r, noon.Add(time.Duration(hour-12)*time.Hour)) {
			if c.Name == seenName {
				companion, tried = c.Value, tried+1
			}
		}
	}
	require.Equal(t, 2, tried)
}

func TestRenewGrantsNoMoreThanEvents(t *testing.T) {
	values := []string{accepted, rejected, "{%22custom%22:{%22functional%22:true}}", "{%22destinations%22:{}}",
		"{%22destinations%22:{%22Zendesk%22:true}%2C%22custom%22:{%22b%22:false}}"}
	for _, first := range values {
		for _, second := range values {
			r := navigation(answerName + "=" + first + "; " + answerName + "=" + second + "; " + seenName + "=20700.20780.0123456789abcdef")
			want, err := cookie.Codec{}.Consent(r)
			require.NoError(t, err)
			cookies := middleware.Renew{}.Cookies(r, noon)
			require.NotEmpty(t, cookies)
			got, err := cookie.Decode(cookies[0].Value)
			require.NoError(t, err)
			require.Equal(t, want.String(), got.String())
			for _, c := range cookies[2:] {
				require.Negative(t, c.MaxAge)
			}
		}
	}
}
