package rights_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/consent/ledger/rights"
)

func newBook(t testing.TB, records ...ledger.Record) *ledger.Ledger {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	l, err := ledger.New(new(ledger.Memory), ledger.Options{Retention: time.Hour, Now: func() time.Time { return now }})
	require.NoError(t, err)
	_, err = l.Append(context.Background(), records...)
	require.NoError(t, err)
	return l
}

var records = []ledger.Record{
	{
		Kind: ledger.Answer, Device: "phone<1>", Account: "ann", Scope: ledger.AccountScope,
		State:  consent.NewState(map[string]bool{"analytics": true, "advertising": false}).WithDestinations(map[string]bool{"Hotjar": false}),
		Source: "preferences", Method: "form", Notice: ledger.Notice{ID: "banner", Version: "7"}, Language: "en", Region: "GB", RegionSource: "header",
		TC: "CPXX", GPP: "DBAA", ValidUntil: time.Date(2027, 11, 25, 12, 0, 0, 0, time.UTC),
	},
	{Kind: ledger.Link, Device: "laptop", Account: "ann"},
	{Kind: ledger.Withdrawal, Device: "laptop", Account: "ann", State: consent.All(consent.Denied)},
	{Kind: ledger.Answer, Device: "tablet", Account: "bob", State: consent.NewState(map[string]bool{"analytics": true})},
}

func ann(*http.Request) ledger.Person { return ledger.Person{Account: "ann"} }

func get(h http.Handler, method, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/my-answers", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPersonSeesOnlyOwnRecords(t *testing.T) {
	h := rights.Handler{Ledger: newBook(t, records...), Person: ann}
	w := get(h, "GET", "application/json")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var entries []rights.Entry
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &entries))
	require.Len(t, entries, 3)
	require.Equal(t, map[string]bool{"analytics": true, "advertising": false}, entries[0].Categories)
	require.Equal(t, map[string]bool{"Hotjar": false}, entries[0].Destinations)
	require.Empty(t, entries[1].Rest, "a link holds no answer")
	require.Equal(t, "denied", entries[2].Rest)

	w = get(h, "GET", "text/html,application/xhtml+xml,*/*;q=0.8")
	require.Equal(t, 200, w.Code)
	page := w.Body.String()
	for _, said := range []string{
		"3 records", "You answered", "You took something back", "phone&lt;1&gt;", "<dt>advertising</dt><dd>no</dd>", "<dt>Hotjar</dt><dd>no</dd>",
		"your account, on every device", "banner", "CPXX", "DBAA", "GB", "25 November 2027, 12:00 UTC", "Everything else",
	} {
		require.Contains(t, page, said)
	}
	require.NotContains(t, page, "bob")
	require.NotContains(t, page, "tablet")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	if path := os.Getenv("RIGHTS_PAGE"); path != "" { // to look at it
		require.NoError(t, os.WriteFile(path, []byte(page), 0o600))
	}
}

func TestUnauthorizedRequests(t *testing.T) {
	l := newBook(t, records...)
	for name, h := range map[string]rights.Handler{
		"nobody is asked":     {Ledger: l},
		"nobody is signed in": {Ledger: l, Person: func(*http.Request) ledger.Person { return ledger.Person{} }},
		"there is no ledger":  {Person: ann},
	} {
		w := get(h, "GET", "application/json")
		require.Equal(t, http.StatusForbidden, w.Code, name)
		require.NotContains(t, w.Body.String(), "phone")
	}
	h := rights.Handler{Ledger: l, Person: ann}
	require.Equal(t, http.StatusMethodNotAllowed, get(h, "POST", "").Code)
	head := get(h, "HEAD", "application/json")
	require.Equal(t, 200, head.Code)
	require.Zero(t, head.Body.Len())
}

type broken struct{ ledger.Memory }

func (*broken) Find(context.Context, ledger.Query, int) ([]ledger.Row, error) {
	return nil, errors.New("row of ann")
}

func TestStoreErrorIsReported(t *testing.T) {
	l, err := ledger.New(new(broken), ledger.Options{Retention: time.Hour})
	require.NoError(t, err)
	var told error
	w := get(rights.Handler{Ledger: l, Person: ann, OnError: func(_ *http.Request, err error) { told = err }}, "GET", "text/html")
	require.Equal(t, 500, w.Code)
	require.NotContains(t, w.Body.String(), "row of")
	require.Error(t, told)
}

// segment stands in for Segment's Public API, as documented.
func segment(t *testing.T, status int, answer string) (rights.Regulations, *[]string) {
	var calls []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls = append(calls, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Authorization"), " ", string(body)))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return rights.Regulations{Token: "t0", Endpoint: server.URL}, &calls
}

func TestRegulations(t *testing.T) {
	g, calls := segment(t, 200, `{"data":{"regulateId":"reg_1"}}`)
	for _, c := range []struct {
		call func(context.Context, ...string) (string, error)
		kind string
	}{{g.Suppress, "SUPPRESS_ONLY"}, {g.Unsuppress, "UNSUPPRESS"}, {g.SuppressAndDelete, "SUPPRESS_WITH_DELETE"}} {
		id, err := c.call(context.Background(), "ann", "bob")
		require.NoError(t, err)
		require.Equal(t, "reg_1", id)
		require.Equal(t, `POST /regulations Bearer t0 {"regulationType":"`+c.kind+`","subjectIds":["ann","bob"],"subjectType":"USER_ID"}`, (*calls)[len(*calls)-1])
	}
}

func TestInvalidRegulations(t *testing.T) {
	g, calls := segment(t, 200, `{"data":{"regulateId":"reg_1"}}`)
	for _, ids := range [][]string{nil, {""}, {"ann", " "}, slices.Repeat([]string{"ann"}, rights.MaxUserIDs+1)} {
		_, err := g.Suppress(context.Background(), ids...)
		require.ErrorIs(t, err, rights.ErrUserIDs)
	}
	for _, bad := range []rights.Regulations{{}, {Token: "t0", Endpoint: "segment"}, {Token: "t0", Endpoint: "https://h/v1"}, {Token: "t0", Endpoint: "https://u:p@h"}} {
		_, err := bad.Suppress(context.Background(), "ann")
		require.ErrorIs(t, err, rights.ErrConfig)
	}
	require.Empty(t, *calls)
	for _, c := range []struct {
		status int
		answer string
	}{{403, `{"errors":["ann"]}`}, {302, ""}, {429, ""}, {500, "ann"}, {200, `{"data":{}}`}, {200, "ann"}, {200, strings.Repeat("a", 1<<20)}} {
		g, calls := segment(t, c.status, c.answer)
		_, err := g.SuppressAndDelete(context.Background(), "ann")
		require.ErrorIs(t, err, rights.ErrRefused)
		require.NotContains(t, err.Error(), "ann")
		require.Len(t, *calls, 1, "no redirect is followed")
	}
}

func ExampleWriteJSON() {
	book, err := ledger.New(new(ledger.Memory), ledger.Options{Retention: time.Hour, Now: func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_, err = book.Append(ctx, ledger.Record{Kind: ledger.Answer, Account: "ann", State: consent.NewState(map[string]bool{"analytics": false})})
	if err != nil {
		panic(err)
	}
	if err := rights.WriteJSON(ctx, os.Stdout, book, ledger.Person{Account: "ann"}); err != nil {
		panic(err)
	}
	// Output:
	// [
	//   {
	//     "number": 1,
	//     "kind": "answer",
	//     "given": "2026-11-25T12:00:00Z",
	//     "recorded": "2026-11-25T12:00:00Z",
	//     "categories": {
	//       "analytics": false
	//     },
	//     "scope": "device",
	//     "account": "ann"
	//   }
	// ]
}
