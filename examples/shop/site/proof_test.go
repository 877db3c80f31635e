package site

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
)

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

// Of two records that say the same, the one counted that was there.
func TestProofsDoNotNameWhatCameLater(t *testing.T) {
	b := visit(t)
	b.answer("deny") // 1
	b.post("/buy")
	b.answer("accept") // 2
	b.answer("deny")   // 3
	b.post("/join")
	require.Equal(t, []string{"Record 3", "Record 3", "Record 1"}, regexp.MustCompile(`Record \d+`).FindAllString(b.get("/?done=x"), -1))
}

func TestProofsNameTheRecordsThatCounted(t *testing.T) {
	b := visit(t)
	prove := func(path string) (p proof) {
		t.Helper()
		require.NoError(t, b.shop.accounts.Flush(t.Context())) // a record has a number once it is written
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
