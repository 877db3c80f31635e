package regime_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/middleware/regime"
)

func TestHeadersOfProxies(t *testing.T) {
	for _, test := range []struct {
		name   string
		where  func(*http.Request) (string, string)
		header http.Header
		want   string
	}{
		{"CloudFront", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US"}, "Cloudfront-Viewer-Country-Region": {"CA"}}, "US-CA"},
		{"Cloudflare", regime.Cloudflare, http.Header{"Cf-Ipcountry": {"US"}, "Cf-Region-Code": {"TX"}}, "US-TX"},
		{"Cloudflare without the transform", regime.Cloudflare, http.Header{"Cf-Ipcountry": {"GB"}}, "GB"},
		{"Tor at Cloudflare", regime.Cloudflare, http.Header{"Cf-Ipcountry": {"T1"}}, ""},
		{"App Engine, in lower case", regime.AppEngine, http.Header{"X-Appengine-Country": {"US"}, "X-Appengine-Region": {"ca"}}, "US-CA"},
		{"App Engine, unknown", regime.AppEngine, http.Header{"X-Appengine-Country": {"ZZ"}, "X-Appengine-Region": {"?"}}, ""},
		{"a custom header", regime.Header("x-geo-country", "x-geo-region"), http.Header{"X-Geo-Country": {"US"}, "X-Geo-Region": {"US-NY"}}, "US-NY"},
		{"without a part", regime.Header("X-Geo-Country", ""), http.Header{"X-Geo-Country": {" us\t"}, "": {"CA"}}, "US"},
		{"no header", regime.CloudFront, http.Header{}, ""},
		{"empty", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {""}}, ""},
		{"another proxy's", regime.CloudFront, http.Header{"Cf-Ipcountry": {"US"}}, ""},
		{"a proxy that adds a line", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US", "DE"}}, ""},
		{"the same twice", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US", "US"}}, ""},
		{"two parts", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US"}, "Cloudfront-Viewer-Country-Region": {"CA", "TX"}}, ""},
		{"a list", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US, DE"}}, ""},
		{"a part by its name", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US"}, "Cloudfront-Viewer-Country-Region": {"California"}}, ""},
		{"an empty part", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US"}, "Cloudfront-Viewer-Country-Region": {""}}, "US"},
		{"the country of another part", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"US"}, "Cloudfront-Viewer-Country-Region": {"DE-BE"}}, ""},
		{"letters that fold to ASCII", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"u\u017f"}}, ""},
		{"three letters", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {"USA"}}, ""},
		{"a country's name", regime.CloudFront, http.Header{"Cloudfront-Viewer-Country": {strings.Repeat("US", 1<<16)}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			site := regime.MustCompile(regime.Config{Where: test.where})
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header = test.header
			require.Equal(t, test.want, site.Of(r).Place)
			country, region := test.where(nil)
			require.Empty(t, country+region)
		})
	}
}

// Whatever the headers hold, the regime is a row of the table or the strictest.
func FuzzHeaders(f *testing.F) {
	for _, seed := range [][2]string{{"US", "CA"}, {"us", "us-ca"}, {"GB", ""}, {"ZZ", "?"}, {"U\u017f", "\xff"}, {"US-CA", "US-"}, {"", "CA"}} {
		f.Add(seed[0], seed[1])
	}
	table := regime.Table()
	f.Fuzz(func(t *testing.T, country, region string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Cloudfront-Viewer-Country"] = []string{country}
		r.Header["Cloudfront-Viewer-Country-Region"] = []string{region}
		got := rules.Of(r)
		if got == (regime.Regime{}) {
			return
		}
		if !slices.Contains(table, got) {
			t.Fatalf("%q and %q give %v, which is not a row", country, region, got)
		}
		place, part, divided := strings.Cut(got.Place, "-")
		if !strings.EqualFold(strings.Trim(country, " \t"), place) {
			t.Fatalf("%q gives %v", country, got)
		}
		told := strings.ToUpper(strings.Trim(region, " \t"))
		if divided && told != part && told != got.Place {
			t.Fatalf("%q and %q give %v", country, region, got)
		}
		if place == "US" && !divided && told != "" && told != "US-" {
			t.Fatalf("%q is told of the United States, and gives %v", region, got)
		}
	})
}
