package middleware_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

const (
	// An answer as the script writes it.
	accepted = "{%22version%22:1%2C%22destinations%22:{%22Zendesk%22:true%2C%22AdWords%22:false}%2C%22custom%22:{%22functional%22:true}}"
	rejected = "{%22version%22:1%2C%22destinations%22:{%22Zendesk%22:false%2C%22AdWords%22:false}%2C%22custom%22:{%22functional%22:false}}"

	answerName = "tracking-preferences"
	seenName   = "tracking-preferences-seen"

	day  = 24 * time.Hour
	year = 365 * day
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// navigation is the request for a page by a browser with the given cookies.
func navigation(cookies string) *http.Request {
	r := httptest.NewRequest("GET", "https://www.shop.example/", nil)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	return r
}

// A jar is a browser: it holds cookies until they expire.
type jar struct {
	values  map[string]string
	expires map[string]time.Time
}

func newJar() jar { return jar{map[string]string{}, map[string]time.Time{}} }

func (j jar) set(name, value string, until time.Time) { j.values[name], j.expires[name] = value, until }

// visit asks for a page at that time and takes the cookies of the answer.
func (j jar) visit(n middleware.Renew, now time.Time) (set []string) {
	var pairs []string
	for name, value := range j.values {
		if now.Before(j.expires[name]) {
			pairs = append(pairs, name+"="+value)
		}
	}
	for _, c := range n.Cookies(navigation(strings.Join(pairs, "; ")), now) {
		parsed, err := http.ParseSetCookie(c.String())
		if err != nil {
			panic(err)
		}
		j.set(c.Name, parsed.Value, now.Add(time.Duration(parsed.MaxAge)*time.Second))
		set = append(set, c.Name)
	}
	return set
}

func TestRenewSetsTheSameBytes(t *testing.T) {
	var n middleware.Renew
	cookies := n.Cookies(navigation("a=b; "+answerName+"="+accepted), noon)
	require.Len(t, cookies, 2)
	midnight := noon.Add(-12 * time.Hour)
	require.Equal(t, answerName+"="+accepted+"; Path=/; Domain=shop.example; Expires="+
		midnight.Add(year).Format(http.TimeFormat)+"; Max-Age=31492800; Secure; SameSite=Lax", cookies[0].String())
	companion := cookies[1]
	require.Equal(t, seenName, companion.Name)
	require.Regexp(t, `^20781\.20781\.[0-9a-f]{16}$`, companion.Value)
	require.True(t, companion.HttpOnly)
	require.True(t, companion.Secure)
	require.Equal(t, [2]string{"/", "shop.example"}, [2]string{companion.Path, companion.Domain})
	require.Equal(t, cookies[0].MaxAge+24*60*60, companion.MaxAge)
}

func TestRenewOnNavigationsOnly(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"a script's request":             func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", "cors") },
		"an image":                       func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "image") },
		"a frame":                        func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "iframe") },
		"a browser that does not say":    func(r *http.Request) { r.Header.Del("Sec-Fetch-Mode") },
		"no destination":                 func(r *http.Request) { r.Header.Del("Sec-Fetch-Dest") },
		"the mode twice":                 func(r *http.Request) { r.Header.Add("Sec-Fetch-Mode", "navigate") },
		"fetched in advance":             func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") },
		"POST":                           func(r *http.Request) { r.Method = "POST" },
		"HEAD":                           func(r *http.Request) { r.Method = "HEAD" },
		"no cookie":                      func(r *http.Request) { r.Header.Del("Cookie") },
		"a malformed cookie":             func(r *http.Request) { r.Header.Set("Cookie", answerName+"={") },
		"an empty cookie":                func(r *http.Request) { r.Header.Set("Cookie", answerName+"=") },
		"a cookie without an answer":     func(r *http.Request) { r.Header.Set("Cookie", answerName+"={}") },
		"the cookie twice":               func(r *http.Request) { r.Header.Add("Cookie", answerName+"="+accepted) },
		"the cookie twice, another form": func(r *http.Request) { r.Header.Add("Cookie", "tracking%2Dpreferences="+rejected) },
		"only another form":              func(r *http.Request) { r.Header.Set("Cookie", "tracking%2Dpreferences="+accepted) },
		"bytes net/http does not write":  func(r *http.Request) { r.Header.Set("Cookie", answerName+`={"custom":{"a":true}}`) },
		"a space":                        func(r *http.Request) { r.Header.Set("Cookie", answerName+"={%22custom%22: {%22a%22:true}}") },
		"the companion twice": func(r *http.Request) {
			r.Header.Add("Cookie", seenName+"=1.1.0000000000000000; "+seenName+"=1.1.0000000000000000")
		},
		"a malformed companion":     func(r *http.Request) { r.Header.Add("Cookie", seenName+"=x") },
		"an empty companion":        func(r *http.Request) { r.Header.Add("Cookie", seenName+"=") },
		"a companion of the future": func(r *http.Request) { r.Header.Add("Cookie", seenName+"=20781.20782.0000000000000000") },
		"a companion out of order":  func(r *http.Request) { r.Header.Add("Cookie", seenName+"=20781.20780.0000000000000000") },
		"a companion with a sign":   func(r *http.Request) { r.Header.Add("Cookie", seenName+"=+20780.20780.0000000000000000") },
		"a companion before 1970":   func(r *http.Request) { r.Header.Add("Cookie", seenName+"=-5.20780.0000000000000000") },
		"a companion of huge numbers": func(r *http.Request) {
			r.Header.Add("Cookie", seenName+"=99999999999999999999.99999999999999999999.0000000000000000")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := navigation(answerName + "=" + accepted)
			require.NotEmpty(t, middleware.Renew{}.Cookies(r, noon))
			change(r)
			require.Empty(t, middleware.Renew{}.Cookies(r, noon))
		})
	}
	require.Empty(t, middleware.Renew{}.Cookies(nil, noon))
}

// Another host of the site can set what only decodes to a name that browsers protect.
func TestRenewTakesProtectedNamesAsTheyAre(t *testing.T) {
	for _, name := range []string{"__Host-c", "__Secure-c", "__host-c"} {
		n := middleware.Renew{Codec: cookie.Codec{Template: http.Cookie{Name: name}}}
		own, forged := name+"="+accepted, "%5F"+name[1:]
		require.Len(t, n.Cookies(navigation(own), noon), 2)
		require.Len(t, n.Cookies(navigation(own+"; "+forged+"="+rejected), noon), 2)
		require.Len(t, n.Cookies(navigation(own+"; "+forged+"-seen=x"), noon), 2)
		require.Empty(t, n.Cookies(navigation(forged+"="+accepted), noon))
	}
}

func TestRenewAtMostOnceADay(t *testing.T) {
	j := newJar()
	j.set(answerName, accepted, noon.Add(7*day))
	require.Equal(t, []string{answerName, seenName}, j.visit(middleware.Renew{}, noon))
	require.Empty(t, j.visit(middleware.Renew{}, noon.Add(time.Minute)))
	require.Empty(t, j.visit(middleware.Renew{}, noon.Add(12*time.Hour-time.Second)))
	require.Equal(t, []string{answerName, seenName}, j.visit(middleware.Renew{}, noon.Add(12*time.Hour)))

	t.Run("a new answer on the same day", func(t *testing.T) {
		later := noon.Add(13 * time.Hour)
		j.set(answerName, rejected, later.Add(7*day))
		require.Equal(t, []string{seenName}, j.visit(middleware.Renew{}, later), "it is only taken note of")
		require.Empty(t, j.visit(middleware.Renew{}, later.Add(time.Minute)))
		require.Equal(t, later.Add(7*day), j.expires[answerName])
		require.Equal(t, []string{answerName, seenName}, j.visit(middleware.Renew{}, later.Add(day)))
		require.Equal(t, rejected, j.values[answerName])
		require.False(t, j.expires[answerName].After(later.Add(year)))
	})
}

// Safari's seven days, and somebody who comes every fifth day for three years.
func TestRenewNeverPastTheLifetime(t *testing.T) {
	for name, test := range map[string]struct {
		template http.Cookie
		lifetime time.Duration
	}{
		"the script's lifetime": {http.Cookie{}, year},
		"a lifetime of 30 days": {http.Cookie{MaxAge: 30 * 24 * 60 * 60}, 30 * day},
		"an end that is a time": {http.Cookie{Expires: noon.Add(100 * day)}, 100 * day},
		"both, of which the first counts": {
			http.Cookie{MaxAge: 20 * 24 * 60 * 60, Expires: noon.Add(100 * day)}, 20 * day,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // whose clock the Codec has: it writes no cookie that has expired
				n := middleware.Renew{Codec: cookie.Codec{Template: test.template}}
				j := newJar()
				j.set(answerName, accepted, noon.Add(7*day))
				var last time.Time
				for now := noon; now.Before(noon.Add(3 * year)); now = now.Add(5 * day) {
					time.Sleep(time.Until(now))
					if len(j.visit(n, now)) > 0 {
						last = now
					}
				}
				require.False(t, j.expires[answerName].After(noon.Add(test.lifetime)))
				require.True(t, j.expires[answerName].After(noon.Add(test.lifetime-day)), "it has the whole of its lifetime")
				require.True(t, last.After(noon.Add(test.lifetime-6*day)))
			})
		})
	}
}

func TestRenewStartsLifetimeForNewAnswer(t *testing.T) {
	j := newJar()
	j.set(answerName, accepted, noon.Add(7*day))
	require.NotEmpty(t, j.visit(middleware.Renew{}, noon))
	later := noon.Add(100 * day)
	j.set(answerName, rejected, later.Add(7*day))
	require.Equal(t, []string{answerName, seenName}, j.visit(middleware.Renew{}, later))
	require.True(t, j.expires[answerName].After(later.Add(year-day)))
	require.False(t, j.expires[answerName].After(later.Add(year)))
}

// The script keeps the same answer for longer than the server does.
func TestRenewDoesNotRestartLifetime(t *testing.T) {
	n := middleware.Renew{Codec: cookie.Codec{Template: http.Cookie{MaxAge: 30 * 24 * 60 * 60}}}
	j := newJar()
	j.set(answerName, accepted, noon.Add(year))
	require.NotEmpty(t, j.visit(n, noon))
	j.set(answerName, accepted, noon.Add(year)) // saved once more
	require.Empty(t, j.visit(n, noon.Add(30*day)))
	require.Empty(t, j.visit(n, noon.Add(30*day+11*time.Hour)))
}

func TestRenewWithATemplate(t *testing.T) {
	for name, test := range map[string]struct {
		template       http.Cookie
		cookie         string
		want, unwanted []string
	}{
		"another name":      {http.Cookie{Name: "c"}, "c", []string{"Path=/", "Domain=shop.example"}, nil},
		"a name to escape":  {http.Cookie{Name: "a b;é"}, "a%20b%3B%C3%A9", []string{"Path=/"}, nil},
		"a domain and path": {http.Cookie{Domain: "www.shop.example", Path: "/x"}, answerName, []string{"Path=/x", "Domain=www.shop.example"}, nil},
		"a host cookie":     {http.Cookie{Name: "__Host-c"}, "__Host-c", []string{"Path=/", "Secure"}, []string{"Domain"}},
		"SameSite":          {http.Cookie{SameSite: http.SameSiteNoneMode, Secure: true}, answerName, []string{"SameSite=None", "Secure"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n := middleware.Renew{Codec: cookie.Codec{Template: test.template}}
			cookies := n.Cookies(navigation(test.cookie+"="+accepted), noon)
			require.Len(t, cookies, 2)
			require.True(t, strings.HasPrefix(cookies[0].String(), test.cookie+"="+accepted+";"), cookies[0])
			require.True(t, strings.HasPrefix(cookies[1].String(), test.cookie+"-seen="), cookies[1])
			for _, c := range cookies {
				attributes := strings.Split(c.String(), "; ")
				require.Subset(t, attributes, test.want)
				for _, attribute := range test.unwanted {
					require.NotContains(t, c.String(), attribute)
				}
			}
		})
	}
	t.Run("no cookie is written", func(t *testing.T) {
		for _, template := range []http.Cookie{{MaxAge: -1}, {Name: "\xff"}, {Path: "a;b"}, {Expires: noon.Add(-day)}} {
			n := middleware.Renew{Codec: cookie.Codec{Template: template}}
			require.Empty(t, n.Cookies(navigation(answerName+"="+accepted), noon))
		}
	})
}

func TestRenewForTheHostAlone(t *testing.T) {
	n := middleware.Renew{Codec: cookie.Codec{HostOnly: true}}
	cookies := n.Cookies(navigation(answerName+"="+accepted), noon)
	require.Len(t, cookies, 2)
	for _, c := range cookies {
		require.Empty(t, c.Domain)
		require.Equal(t, "/", c.Path)
	}
	require.True(t, strings.HasPrefix(cookies[0].String(), answerName+"="+accepted+";"), cookies[0])

	// Beside a copy for the domain, which is expired.
	again := n.Cookies(navigation(answerName+"="+accepted+"; "+answerName+"="+accepted+"; "+seenName+"="+cookies[1].Value), noon.Add(day))
	require.Len(t, again, 3)
	require.Empty(t, again[0].Domain)
	require.Equal(t, "shop.example", again[2].Domain)
	require.Negative(t, again[2].MaxAge)

	n.Codec.Template.Domain = "shop.example"
	require.Empty(t, n.Cookies(navigation(answerName+"="+accepted), noon), "a contradiction")
}

func TestRenewMarksTheResponse(t *testing.T) {
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := middleware.Renew{}.Handler(served)

	w := httptest.NewRecorder()
	h.ServeHTTP(w, navigation(answerName+"="+accepted))
	require.Equal(t, http.StatusTeapot, w.Code)
	require.Len(t, w.Header().Values("Set-Cookie"), 2)
	require.Equal(t, "private", w.Header().Get("Cache-Control"))
	require.Equal(t, []string{"Cookie", "Sec-GPC"}, w.Header().Values("Vary"))

	w = httptest.NewRecorder()
	h.ServeHTTP(w, navigation(""))
	require.Equal(t, http.StatusTeapot, w.Code)
	require.Empty(t, w.Header(), "others may keep what is the same for everybody")

	for _, shared := range []http.Header{
		{"Cache-Control": {"public"}},
		{"Cache-Control": {"max-age=5, s-maxage=60"}},
		{"Cdn-Cache-Control": {"max-age=60"}},
		{"Cache-Control": {"private"}, "Surrogate-Control": {"max-age=60"}},
	} {
		w = httptest.NewRecorder()
		maps.Copy(w.Header(), shared)
		h.ServeHTTP(w, navigation(answerName+"="+accepted))
		require.Equal(t, http.StatusTeapot, w.Code)
		require.Equal(t, shared, w.Header())
	}

	w = httptest.NewRecorder()
	w.Header().Set("CDN-Cache-Control", "no-store")
	h.ServeHTTP(w, navigation(answerName+"="+accepted))
	require.Len(t, w.Header().Values("Set-Cookie"), 2, "no cache keeps it")
}

func FuzzRenew(f *testing.F) {
	f.Add(accepted, "20781.20781.9ae16a3b2f90404f")
	f.Add("{", "20780.20781.0000000000000000")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, value, companion string) {
		if strings.Contains(value, ";") {
			t.Skip("the rest is another cookie")
		}
		r := navigation(answerName + "=" + value + "; " + seenName + "=" + companion)
		for _, c := range (middleware.Renew{}).Cookies(r, noon) {
			if c.Name == seenName {
				continue
			}
			if !strings.HasPrefix(c.String(), answerName+"="+strings.Trim(value, " \t")+";") {
				t.Errorf("%q was set as %q", value, c)
			}
			if c.Expires.After(noon.Add(year)) {
				t.Errorf("set until %v", c.Expires)
			}
		}
	})
}
