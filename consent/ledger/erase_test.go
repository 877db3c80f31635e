package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/ledger"
)

func TestErasedPersonsAreGone(t *testing.T) {
	b := newBook(t)
	b.add(byDevice("phone", accepts))
	b.add(ledger.Record{Kind: ledger.Answer, Device: "phone", Account: "ann-of-skye", Scope: ledger.AccountScope, State: partly, Language: "gd-Latn-GB", Region: "Isle of Skye", TC: "CPXXtheTCstring", GPP: "DBAAtheGPPstring"})
	b.add(ledger.Record{Kind: ledger.Link, Device: "phone", Account: "ann-of-skye"})
	b.add(byAccount("laptop", "bob", accepts))
	before, err := b.Head(context.Background())
	require.NoError(t, err)

	n, err := b.Erase(context.Background(), ledger.Person{Account: "ann-of-skye"})
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Empty(t, b.history(ledger.Person{Account: "ann-of-skye"}))
	require.Len(t, b.history(ledger.Person{Device: "phone"}), 1, "what the device answered by itself is its own")
	require.Len(t, b.history(ledger.Person{Account: "bob"}), 1)

	rows, err := b.store.Rows(context.Background(), 0, 100)
	require.NoError(t, err)
	all := fmt.Appendf(nil, "%q", rows)
	// Each is so long that no hash contains it by chance.
	for _, personal := range []string{"ann-of-skye", "gd-Latn-GB", "Isle of Skye", "CPXXtheTCstring", "DBAAtheGPPstring"} {
		require.False(t, bytes.Contains(all, []byte(personal)), personal)
	}
	keys, err := b.store.Keys(context.Background(), []string{"account:ann-of-skye", "device:phone", "account:bob"})
	require.NoError(t, err)
	require.Len(t, keys, 2)
	report, err := b.Verify(context.Background(), before)
	require.NoError(t, err)
	require.EqualValues(t, 2, report.Erased)

	n, err = b.Erase(context.Background(), ledger.Person{Account: "ann-of-skye"})
	require.NoError(t, err)
	require.Zero(t, n)
	b.add(byAccount("phone", "ann-of-skye", rejects)) // under a new key
	n, err = b.Erase(context.Background(), ledger.Person{Device: "phone", Account: "ann-of-skye"})
	require.NoError(t, err)
	require.Equal(t, 2, n)
	_, err = b.Verify(context.Background(), before)
	require.NoError(t, err)
}

func TestErasureIsARecord(t *testing.T) {
	b := newBook(t)
	b.add(byDevice("phone", accepts), byDevice("laptop", accepts), byDevice("phone", rejects))
	_, err := b.Erase(context.Background(), ledger.Person{Device: "phone"})
	require.NoError(t, err)
	var kinds []ledger.Kind
	for r, err := range b.Between(context.Background(), b.now.Add(-time.Hour), b.now.Add(time.Hour)) {
		require.NoError(t, err)
		kinds = append(kinds, r.Kind)
		require.Equal(t, r.Sequence == 1 || r.Sequence == 3, r.Erased)
	}
	require.Equal(t, []ledger.Kind{ledger.Answer, ledger.Answer, ledger.Answer, ledger.Erasure}, kinds)
}

func TestExpireKeepsWhatCounts(t *testing.T) {
	b := newBook(t)
	b.add(byDevice("phone", accepts))
	b.add(byAccount("phone", "ann", accepts))
	b.add(byAccount("phone", "ann", rejects))
	b.add(ledger.Record{Kind: ledger.Signal, Device: "phone", Account: "bob", State: signals})
	b.advance(2 * year)
	b.add(byDevice("tablet", partly))
	n, err := b.Expire(context.Background())
	require.NoError(t, err)
	require.Zero(t, n, "within the retention")

	b.advance(2 * year)
	n, err = b.Expire(context.Background())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Empty(t, b.history(ledger.Person{Device: "nobody"}))
	left := b.history(ledger.Person{Device: "phone"})
	require.Len(t, left, 2)
	require.Equal(t, rejects, left[0].State, "without it the denial of the account would be forgotten")
	require.Equal(t, ledger.Signal, left[1].Kind)
	require.Len(t, b.history(ledger.Person{Device: "tablet"}), 1)
	worker, err := b.Worker(context.Background(), "ann")
	require.NoError(t, err)
	require.Equal(t, rejects, worker.State)
	report, err := b.Verify(context.Background())
	require.NoError(t, err)
	require.EqualValues(t, 2, report.Erased)
}

func TestExpireGoesThroughPages(t *testing.T) {
	b := newBook(t)
	for i := range 2500 {
		b.add(byDevice(fmt.Sprint("d", i), accepts))
	}
	b.advance(4 * year)
	n, err := b.Expire(context.Background())
	require.NoError(t, err)
	require.Equal(t, 2500, n)
	report, err := b.Verify(context.Background())
	require.NoError(t, err)
	require.EqualValues(t, 2500, report.Erased)
}
