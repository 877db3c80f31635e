package site

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/cookie"
)

// signIn signs in, and answers for the account from then on if it is told to.
func (b *browser) signIn(name string) {
	b.t.Helper()
	require.Equal(b.t, "/?done=sign-in#done", b.post("/sign-in", "name", name))
}

func (b *browser) answerEverywhere(button string, categories ...string) {
	b.t.Helper()
	form := []string{"answer", button, "redirect", "/", scopeField, "on"}
	for _, name := range categories {
		form = append(form, "category."+name, "on")
	}
	require.Equal(b.t, "/", b.post("/preferences", form...))
}

// reached returns the destinations that get what one request causes.
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

// Who is not signed in is not asked for whom the answer is, and cannot say so.
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

// An answer that the ledger never saw, such as that of a script, is the device's own.
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

// The next one at a shared device does not get the answer of the one before.
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

// What of the shop's cookies leaves it: nothing.
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

func TestSigningInRenewsTheSession(t *testing.T) {
	b := visit(t)
	b.get("/")
	planted := b.cookie(visitorCookie)
	b.signIn("ann")
	require.NotEqual(t, planted, b.cookie(visitorCookie))
	thief := browserOf(t, b.shop, b.url)
	thief.header.Set("Cookie", visitorCookie+"="+planted)
	require.NotContains(t, thief.get("/"), "signed in as")

	left := b.cookie(visitorCookie)
	b.post("/sign-out")
	thief.header.Set("Cookie", visitorCookie+"="+left)
	require.NotContains(t, thief.get("/"), "signed in as")
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

func TestRecordsSayWhatWasAsked(t *testing.T) {
	b := visit(t)
	b.signIn("ann")
	b.answerEverywhere("accept")
	b.answer("save", "functional")
	records := b.records("ann")
	require.Len(t, records, 3)
	require.Equal(t, ledger.Link, records[0].Kind)
	require.Equal(t, ledger.Answer, records[1].Kind)
	require.Equal(t, ledger.AccountScope, records[1].Scope)
	require.Equal(t, ledger.Withdrawal, records[2].Kind)
	require.Equal(t, ledger.DeviceScope, records[2].Scope)
	for i, method := range []string{"accept", "save"} {
		r := records[i+1]
		require.Equal(t, method, r.Method)
		require.Equal(t, ledger.Notice{ID: "privacy choices", Version: "1", Shown: shownText}, r.Notice)
		require.Len(t, r.Policy, 64)
		require.Equal(t, b.cookie(deviceCookie), r.Device)
	}
	page := b.get("/history")
	require.Contains(t, page, "your account, on every device")
	require.Contains(t, page, "You took something back")
}

func TestErase(t *testing.T) {
	b := visit(t)
	b.answer("deny")
	b.signIn("ann")
	b.answerEverywhere("accept")
	require.Equal(t, "/?done=erase#done", b.post("/erase"))
	require.Empty(t, b.records("ann"))
	require.Contains(t, b.get("/?done=erase"), "What was held of the account is erased.")
	require.NotContains(t, b.get("/?done=sign-out"), "signed out", "a link claims nothing that did not happen")
	require.Equal(t, consent.Denied, b.held().Category("advertising"), "the device's own answer")
	report, err := b.shop.book.Verify(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, report.Erased)

	b.signIn("ann")
	require.Equal(t, necessary, b.reached("/remind"), "nobody has answered for the account")
}

func TestProofOfAnEvent(t *testing.T) {
	b := visit(t)
	b.answer("deny")
	b.signIn("ann")
	b.answerEverywhere("save", "functional")
	b.header.Set("Sec-GPC", "1")
	b.post("/buy")
	page := html.UnescapeString(b.get("/?done=buy"))
	require.Contains(t, page, "the newest answer is that of the account")
	require.Contains(t, page, "answer for the account, by “save”")

	id := regexp.MustCompile(`/proof\?event=(\w+)`).FindStringSubmatch(page)
	require.NotNil(t, id)
	var p proof
	require.NoError(t, json.Unmarshal([]byte(b.get("/proof?event="+id[1])), &p))
	require.Equal(t, "Order Completed", p.Event)
	require.Equal(t, ledger.WhyAccount, p.Rule)
	require.Len(t, p.Records, 1)
	require.EqualValues(t, 3, p.Records[0].Number, "after the device's answer and the link")
	require.Equal(t, map[string]string{"advertising": "denied", "functional": "granted", "marketingAndAnalytics": "denied"}, p.Records[0].Answers)
	require.Equal(t, p.Policy.SHA256, p.Records[0].Policy)
	require.Equal(t, p.Policy, policyRecordOf(p.Policy.Config), "whoever has the table can check the sum")
	require.Equal(t, map[string]string{"advertising": "denied"}, p.Signals)
	require.Len(t, p.Verdicts, 8)
	require.NotNil(t, p.Head)

	other := browserOf(t, b.shop, b.url)
	response, _ := other.do(http.MethodGet, "/proof?event="+id[1], nil)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
}

func TestProofsNameTheRecordsThatCounted(t *testing.T) {
	b := visit(t)
	prove := func(path string) (p proof) {
		t.Helper()
		b.post("/reset")
		b.post(path)
		id := regexp.MustCompile(`/proof\?event=(\w+)`).FindStringSubmatch(b.get("/?done=x"))
		require.NotNil(t, id)
		require.NoError(t, json.Unmarshal([]byte(b.get("/proof?event="+id[1])), &p))
		return p
	}
	numbers := func(p proof) (numbers []int64) {
		for _, r := range p.Records {
			numbers = append(numbers, r.Number)
		}
		return numbers
	}
	p := prove("/buy")
	require.Equal(t, ledger.WhyNobody, p.Rule)
	require.Empty(t, p.Records)
	b.answer("deny") // 1
	require.Equal(t, []int64{1}, numbers(prove("/buy")))
	b.signIn("ann") // 2
	p = prove("/remind")
	require.Equal(t, ledger.WhyNone, p.Rule)
	require.Empty(t, p.Records)
	require.Empty(t, p.Signals)
	p = prove("/buy")
	require.Equal(t, ledger.WhyNoAccount, p.Rule)
	require.Equal(t, []int64{1}, numbers(p))
	b.header.Set("Sec-GPC", "1")
	b.get("/") // 3, the signal
	require.NoError(t, b.shop.accounts.Flush(t.Context()))
	p = prove("/buy")
	require.Equal(t, []int64{1}, numbers(p))
	require.Equal(t, map[string]string{"advertising": "denied"}, p.Signals)
	b.header.Del("Sec-GPC")
	b.answerEverywhere("accept") // 4
	require.Equal(t, []int64{4}, numbers(prove("/buy")))
	require.Equal(t, []int64{4}, numbers(prove("/remind")))
	b.answer("save", "functional") // 5, for the device
	p = prove("/buy")
	require.Equal(t, ledger.WhyBoth, p.Rule)
	require.Equal(t, []int64{5, 4}, numbers(p))
	require.Equal(t, []int64{4}, numbers(prove("/remind")))
	b.answerEverywhere("save", "functional") // 6: the same, for the account
	require.Equal(t, []int64{6}, numbers(prove("/buy")))
	require.Equal(t, []int64{6}, numbers(prove("/remind")))
	b.post("/sign-out")
	require.Equal(t, []int64{5}, numbers(prove("/buy")), "the device's own, and nothing of the account")
}
