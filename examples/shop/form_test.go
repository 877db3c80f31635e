package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBadFormChangesNothing(t *testing.T) {
	tests := []struct {
		name, want string
		form       url.Values
	}{
		{"unknown preset", `unknown preset "maybe"`, formOf("preset", "maybe")},
		{"unknown category", `unknown category "Advertising"`, formOf("Advertising", "true")},
		{"unknown value", `"functional" is neither true nor false`, formOf("functional", "yes")},
		{"two values", `"functional" is given more than once`, formOf("functional", "true", "functional", "false")},
		{"preset and category", "a preset leaves no room", formOf("preset", "accept", "functional", "false")},
		{"too long", "too long", formOf("functional", strings.Repeat("x", 5000))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := visit(t)
			v.post("/consent", "functional", "true")
			before := v.cookie("tracking-preferences")
			require.NotEmpty(t, before)
			status, body := v.do(http.MethodPost, "/consent", test.form)
			require.Equal(t, http.StatusBadRequest, status)
			require.Contains(t, body, test.want)
			require.Equal(t, before, v.cookie("tracking-preferences"))
			sent, _ := v.delivered()
			require.Equal(t, 1, sent)
		})
	}
	t.Run("no form at all", func(t *testing.T) {
		v := visit(t)
		response, err := http.Post(v.url+"/consent", "application/json", strings.NewReader(`{"preset":"accept"}`))
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, http.StatusBadRequest, response.StatusCode)
		require.Empty(t, response.Cookies())
	})
}

func TestEmptyFormDeniesEverything(t *testing.T) {
	v := visit(t)
	v.post("/consent", "preset", "accept")
	v.post("/consent") // every box unchecked
	v.post("/buy")
	_, at := v.delivered()
	require.Equal(t, counts(1, "Webhooks"), at)
}

func TestCrossOriginPostIsRefused(t *testing.T) {
	for _, path := range []string{"/consent", "/buy", "/signup", "/reset"} {
		v := visit(t)
		v.post("/buy")
		v.header.Set("Origin", "https://elsewhere.example")
		status, _ := v.do(http.MethodPost, path, formOf("preset", "accept"))
		require.Equal(t, http.StatusForbidden, status, path)
		require.Empty(t, v.cookie("tracking-preferences"))
		sent, _ := v.delivered()
		require.Equal(t, 1, sent, path)
	}
}
