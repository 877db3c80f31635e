package site

import (
	"context"
	"errors"
	"html"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/segmenttest"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/cookie"
)

func (b *browser) signIn(name string) {
	b.t.Helper()
	require.Equal(b.t, "/?done=sign-in#done", b.post("/sign-in", "name", name))
}

// answerEverywhere answers for the account, and not for the device alone.
func (b *browser) answerEverywhere(button string, categories ...string) {
	b.t.Helper()
	form := []string{"answer", button, "redirect", "/", scopeField, "on"}
	for _, name := range categories {
		form = append(form, "category."+name, "on")
	}
	require.Equal(b.t, "/", b.post("/preferences", form...))
}

// reached returns the destinations that the events of one request reach.
func (b *browser) reached(path string) []string {
	b.t.Helper()
	b.post("/reset")
	b.post(path)
	_, at := b.delivered()
	var names []string
	for name, n := range at {
		if n > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// held returns the answer in the cookie.
func (b *browser) held() consent.State {
	b.t.Helper()
	r, err := http.NewRequest("GET", b.url, nil)
	require.NoError(b.t, err)
	if value := b.cookie(cookie.DefaultName); value != "" {
		r.Header.Set("Cookie", cookie.DefaultName+"="+value)
	}
	s, err := cookie.Codec{}.Consent(r)
	require.NoError(b.t, err)
	return s
}

func (b *browser) records(account string) (records []ledger.Record) {
	b.t.Helper()
	require.NoError(b.t, b.shop.accounts.Flush(b.t.Context()))
	for r, err := range b.shop.book.History(b.t.Context(), ledger.Person{Account: account}) {
		require.NoError(b.t, err)
		records = append(records, r)
	}
	return records
}

var (
	everyone  = sorted(names(analyticsTools, advertisers, []string{"Intercom"}))
	necessary = names()
)

func sorted(list []string) []string { slices.Sort(list); return list }

func TestOtherBrowsersAndWorkersObeyAtOnce(t *testing.T) {
	phone := visit(t)
	laptop := browserOf(t, phone.shop, phone.url)
	phone.signIn("ann")
	laptop.signIn("Ann ")
	phone.answerEverywhere("accept")
	for _, b := range []*browser{phone, laptop} {
		require.Equal(t, everyone, b.reached("/buy"))
		require.Equal(t, everyone, b.reached("/remind"))
	}
	require.Contains(t, html.UnescapeString(laptop.get("/")), "Your account's answer counts here")

	laptop.answerEverywhere("deny")
	for _, b := range []*browser{phone, laptop} {
		require.Equal(t, necessary, b.reached("/buy"))
		require.Equal(t, necessary, b.reached("/remind"))
	}
	phone.answerEverywhere("save", "functional")
	require.Equal(t, sorted(names([]string{"Intercom"})), laptop.reached("/remind"))
}

func TestAnAnswerForTheDeviceStaysThere(t *testing.T) {
	phone := visit(t)
	laptop := browserOf(t, phone.shop, phone.url)
	phone.signIn("ann")
	laptop.signIn("ann")
	phone.answerEverywhere("accept")
	laptop.answer("deny") // without the box
	require.Equal(t, everyone, phone.reached("/buy"))
	require.Equal(t, everyone, phone.reached("/remind"))
	require.Equal(t, necessary, laptop.reached("/buy"))
	page := html.UnescapeString(laptop.get("/"))
	require.Contains(t, page, "differs from your account's. Only what both allow is on.")
	require.Contains(t, page, `name="everywhere">`, "the box is not ticked for those who did not tick it")
}

// A visitor who is not signed in is not asked for whom the answer is, and cannot choose it.
func TestScopeIsForThoseWhoAreSignedIn(t *testing.T) {
	b := visit(t)
	require.NotContains(t, b.get("/"), scopeField)
	b.answerEverywhere("accept")
	b.signIn("ann")
	page := b.get("/")
	require.Contains(t, page, `name="everywhere" checked>`)
	require.Contains(t, page, "Your account has no answer yet.")
	require.Equal(t, necessary, b.reached("/remind"), "what a device answered alone is no answer of the account")
}

func TestSigningOutRestoresTheDevice(t *testing.T) {
	for _, test := range []struct {
		name, own string
		reached   []string
	}{
		{"its own answer", "deny", necessary},
		{"its own grants", "accept", everyone},
		{"no answer of its own", "", necessary},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := visit(t)
			if test.own != "" {
				b.answer(test.own)
			}
			before := b.held()
			b.signIn("ann")
			b.answerEverywhere("save", "functional")
			require.NotEqual(t, before, b.held())
			b.post("/buy")

			require.Equal(t, "/?done=sign-out#done", b.post("/sign-out"))
			require.Equal(t, before, b.held(), "scripts go by it, too")
			page := b.get("/?done=sign-out")
			require.Contains(t, page, "You are signed out.")
			require.NotContains(t, page, "Order Completed", "what the account did is not for whoever comes next")
			require.NotContains(t, page, "ann")
			require.Equal(t, test.reached, b.reached("/buy"))
			require.Equal(t, test.own == "", strings.Contains(page, "You have not been asked yet"))
		})
	}
}

// An answer that the ledger never saw, such as one of a script, belongs to the device.
func TestSigningOutKeepsWhatTheLedgerDoesNotKnow(t *testing.T) {
	b := visit(t)
	b.answer("deny")
	require.NoError(t, b.shop.accounts.Flush(t.Context()))
	require.NoError(t, eraseDevice(b))
	b.signIn("ann")
	b.post("/sign-out")
	require.Equal(t, consent.NewState(map[string]bool{"advertising": false, "functional": false, "marketingAndAnalytics": false}), b.held())
}

func eraseDevice(b *browser) error {
	_, err := b.shop.book.Erase(b.t.Context(), ledger.Person{Device: b.cookie(deviceCookie)})
	return err
}

// The next person at a shared device does not get the answer of the previous one.
func TestAnotherAccountOnTheDevice(t *testing.T) {
	b := visit(t)
	b.signIn("ann")
	b.answerEverywhere("accept")
	b.post("/buy")
	b.signIn("bob")
	require.Equal(t, consent.NewState(nil), b.held())
	require.NotContains(t, b.get("/"), "Order Completed")
	require.Equal(t, necessary, b.reached("/buy"))
	require.NotContains(t, b.get("/history"), "ann")
}

func TestEventsCarryTheAccount(t *testing.T) {
	b := visit(t)
	b.get("/")
	b.signIn("ann")
	b.get("/")
	b.answerEverywhere("accept")
	b.act()
	users := make(map[string][]any)
	for _, e := range b.wire() {
		name, _ := e["type"].(string)
		users[name] = append(users[name], e["userId"])
		require.NotContains(t, e["anonymousId"], b.cookie(deviceCookie))
	}
	require.Equal(t, []any{nil, nil, "ann"}, users["page"], "nobody is recognised for a look at the page without consent")
	require.Equal(t, []any{"ann", "ann"}, users["track"], "the report of the answer, and the order")
	require.Equal(t, []any{"ann"}, users["group"])
}

// The ids in the shop's own cookies never leave the shop.
func TestSegmentNeverSeesTheDevice(t *testing.T) {
	b := visit(t)
	b.signIn("ann")
	b.answerEverywhere("accept")
	b.act()
	b.post("/remind")
	b.delivered()
	for _, name := range []string{deviceCookie, visitorCookie} {
		require.Len(t, b.cookie(name), 26)
		for _, a := range b.shop.segment.Arrivals() {
			require.NotContains(t, string(a.JSON), b.cookie(name))
		}
	}
}

func TestTheDeviceHasANumberOnceItAnswers(t *testing.T) {
	b := visit(t)
	b.get("/")
	b.post("/buy")
	require.Empty(t, b.cookie(deviceCookie))
	b.answer("deny")
	device := b.cookie(deviceCookie)
	require.Len(t, device, 26)
	b.answer("accept")
	require.Equal(t, device, b.cookie(deviceCookie))

	for _, forged := range []string{"short", strings.Repeat("a", 26), strings.Repeat("A", 2000)} {
		other := browserOf(t, b.shop, b.url)
		other.header.Set("Cookie", deviceCookie+"="+forged)
		other.answer("deny")
		require.NotEqual(t, forged, other.cookie(deviceCookie))
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	b := visit(t)
	for _, name := range []string{"", " ", "a b", "<b>", strings.Repeat("a", 31), "é"} {
		response, _ := b.do(http.MethodPost, "/sign-in", formOf("name", name))
		require.Equal(t, http.StatusBadRequest, response.StatusCode, name)
	}
	for _, path := range []string{"/remind", "/erase"} {
		response, _ := b.do(http.MethodPost, path, nil)
		require.Equal(t, http.StatusForbidden, response.StatusCode, path)
	}
	response, _ := b.do(http.MethodGet, "/history", nil)
	require.Equal(t, http.StatusForbidden, response.StatusCode)
}

// A broken store fails while it is down.
type broken struct {
	ledger.Memory
	down atomic.Bool
}

func (s *broken) Find(ctx context.Context, q ledger.Query, limit int) ([]ledger.Row, error) {
	if s.down.Load() {
		return nil, errors.New("down")
	}
	return s.Memory.Find(ctx, q, limit)
}

func TestALedgerThatIsDownOpensNothing(t *testing.T) {
	store := new(broken)
	fake := segmenttest.New(t, workspaceFor(policyConfig()))
	b := visitOn(t, store, policyConfig(), fake.WriteKey(), fake.Config(), fake)
	b.signIn("ann")
	b.answerEverywhere("accept")
	require.Equal(t, everyone, b.reached("/buy"))
	store.down.Store(true)
	require.Equal(t, necessary, b.reached("/buy"))
	require.Equal(t, necessary, b.reached("/remind"))
	page := b.get("/?done=x")
	require.Contains(t, page, "Your stored answer cannot be read")
	require.Contains(t, page, "the answer could not be read: everything is denied")
	response, _ := b.do(http.MethodPost, "/erase", nil)
	require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	b.post("/sign-out")
	require.Equal(t, necessary, b.reached("/buy"), "the cookie still has the account's answer")
	store.down.Store(false)
	require.Equal(t, necessary, b.reached("/buy"), "and does not count")
}
