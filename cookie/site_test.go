package cookie

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSite(t *testing.T) {
	for host, want := range map[string]string{
		"shop.example":            "shop.example",
		"WWW.Shop.Example:8443":   "shop.example",
		"a.b.shop.co.uk":          "shop.co.uk",
		"a.github.io":             "a.github.io",
		"github.io":               "github.io",
		"github.io:443":           "github.io",
		"shop.example.":           "shop.example.",
		"localhost:8080":          "localhost",
		"LOCALHOST":               "localhost",
		"127.0.0.1:80":            "127.0.0.1",
		"127.0.0.1":               "127.0.0.1",
		"[::1]:80":                "::1",
		"[::1]":                   "::1",
		"::1":                     "::1",
		"":                        "",
		"a:b:c":                   "a:b:c",
		strings.Repeat("a.", 200): "",
	} {
		require.Equal(t, want, Site(host), host)
	}
}
