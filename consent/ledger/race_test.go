package ledger_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/middleware"
)

// full is a shop whose Store can be read but blocks every Append.
func full(t *testing.T, change func(*ledger.AccountsOptions), records ...ledger.Record) (s *shop, drain func()) {
	s = newShop(t, change)
	_, err := s.book.Append(context.Background(), records...)
	require.NoError(t, err)
	s.store.stuck = make(chan struct{})
	return s, func() {
		close(s.store.stuck)
		s.close()
	}
}

func TestDenialOnADeviceCountsBeforeItIsWritten(t *testing.T) {
	for _, cacheFor := range []time.Duration{0, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s, drain := full(t, func(o *ledger.AccountsOptions) {
				o.AccountScope, o.CacheFor = nil, cacheFor
			}, byDevice("phone", accepts), byAccount("phone", "bob", rejects))
			defer drain()
			phone := s.browser("phone")
			value, err := cookie.Encode(rejects)
			require.NoError(t, err)
			phone.cookies[cookie.DefaultName] = value // of bob, who is signed out
			for range 3 {
				require.Equal(t, all, phone.reach())
			}
			phone.answer("answer=deny")
			synctest.Wait()
			for range 3 {
				require.Empty(t, phone.reach(), "the device itself has denied that since")
			}
			got, _, err := s.accounts.Current(t.Context(), "", "phone")
			require.NoError(t, err)
			require.Empty(t, allowed(policy, got))
		})
	}
}

func TestAnAccountsAnswerLeavesWithItBeforeItIsWritten(t *testing.T) {
	for _, cacheFor := range []time.Duration{0, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s, drain := full(t, func(o *ledger.AccountsOptions) { o.CacheFor = cacheFor }, byDevice("phone", rejects))
			defer drain()
			phone := s.browser("phone")
			phone.user = "ann"
			phone.answer("answer=accept")
			synctest.Wait()
			phone.user = ""
			for range 3 {
				require.Empty(t, phone.reach(), "the device itself has denied it")
			}
		})
	}
}

func TestAnswerTakenBackCountsBeforeItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, drain := full(t, nil, byAccount("phone", "ann", accepts))
		defer drain()
		phone, laptop := s.browser("phone"), s.browser("laptop")
		phone.user, laptop.user = "ann", "ann"
		value, err := cookie.Encode(accepts)
		require.NoError(t, err)
		phone.cookies[cookie.DefaultName] = value
		require.Equal(t, all, laptop.reach())
		require.Equal(t, http.StatusOK, phone.do("DELETE", "/preferences", "").Code)
		synctest.Wait()
		require.Empty(t, laptop.reach())
		require.Empty(t, s.work("ann"))
		got, _, err := s.accounts.Current(t.Context(), "ann", "")
		require.NoError(t, err)
		require.Empty(t, allowed(policy, got))
	})
}

// Two browsers of an account send different signals before either record is written.
func TestSignalsOfSeveralBrowsersAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dnt := func(r *http.Request) consent.State {
			if r.Header.Get("DNT") == "1" {
				return answers(map[string]bool{"analytics": false})
			}
			return silence
		}
		s, drain := full(t, func(o *ledger.AccountsOptions) {
			o.Signals = []func(*http.Request) consent.State{middleware.GPC("advertising"), dnt}
		}, byAccount("phone", "ann", accepts))
		for _, header := range []string{"Sec-GPC", "DNT"} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Session-Of", "ann")
			r.Header.Set(header, "1")
			_, err := s.accounts.Ruling(r)
			require.NoError(t, err)
		}
		drain()
		require.Empty(t, s.work("ann"))
	})

	b := newBook(t) // by two processes
	b.add(byAccount("phone", "ann", accepts))
	for _, category := range []string{"advertising", "analytics"} {
		b.add(ledger.Record{Kind: ledger.Signal, Account: "ann", State: answers(map[string]bool{category: false})})
	}
	worker, err := b.Worker(t.Context(), "ann")
	require.NoError(t, err)
	require.Equal(t, rejects, worker.State)
	b.advance(4 * year)
	expired, err := b.Expire(t.Context())
	require.NoError(t, err)
	require.Zero(t, expired, "all of them count")
}

// An answer ends the signals before it, but this browser still sends its signal.
func TestAnswerDoesNotSwallowTheSignalThatComesWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, drain := full(t, nil)
		phone := s.browser("phone")
		phone.user, phone.gpc = "ann", true
		phone.reach()
		phone.answer("answer=accept")
		drain()
		require.Equal(t, "Amplitude, Mixpanel (Actions)", s.work("ann"))
	})
}

func TestGrantsThatEndedDoNotCountFromTheCookie(t *testing.T) {
	b := newBook(t)
	for _, r := range []ledger.Record{byAccount("phone", "ann", partly), byDevice("tablet", partly)} {
		r.ValidUntil = b.now.Add(time.Hour)
		b.add(r)
	}
	people := []ledger.Person{{Device: "phone", Account: "ann"}, {Device: "tablet"}, {Device: "tablet", Account: "bob"}}
	for _, p := range people {
		got, err := b.Whose(t.Context(), policy, partly, p)
		require.NoError(t, err)
		require.Equal(t, partly, got.State, "%+v", p)
	}
	b.advance(time.Hour)
	for _, p := range people {
		got, err := b.Whose(t.Context(), policy, partly, p)
		require.NoError(t, err)
		require.Equal(t, signals, got.State, "%+v", p)
	}
	b.add(byAccount("laptop", "ann", accepts))
	got, err := b.Whose(t.Context(), policy, partly, people[0])
	require.NoError(t, err)
	require.Equal(t, ledger.WhyAccount, got.Why, "the account has answered since")
}

func TestRulingsShareNothing(t *testing.T) {
	s := newShop(t, func(o *ledger.AccountsOptions) { o.CacheFor = time.Hour })
	defer s.close()
	_, err := s.book.Append(context.Background(), byAccount("laptop", "ann", rejects))
	require.NoError(t, err)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Session-Of", "ann")
	for range 4 {
		got, err := s.accounts.Ruling(r)
		require.NoError(t, err)
		require.Equal(t, []consent.State{rejects}, got.Answers)
		got.Answers[0] = accepts
	}
}

func TestNilPointersAreNoStore(t *testing.T) {
	_, err := ledger.New((*ledger.Memory)(nil), ledger.Options{Retention: year})
	require.ErrorIs(t, err, ledger.ErrConfig)
}

// A busy Store is given another record each time it takes one.
type busy struct {
	ledger.Memory
	again func()
}

func (b *busy) Append(ctx context.Context, keys map[string][]byte, next func(int64, []byte, map[string][]byte) ([]ledger.Row, error)) error {
	if b.again != nil {
		b.again()
	}
	return b.Memory.Append(ctx, keys, next)
}

func TestFlushDoesNotWaitForLaterRecords(t *testing.T) {
	store := new(busy)
	book, err := ledger.New(store, ledger.Options{Retention: year})
	require.NoError(t, err)
	accounts, err := ledger.NewAccounts(book, ledger.AccountsOptions{
		Policy: policy, Device: cookie.Codec{}, UserID: userID,
		AnonymousID: func(*http.Request) string { return "phone" },
	})
	require.NoError(t, err)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Session-Of", "ann")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	store.again = func() {
		if ctx.Err() == nil {
			accounts.Link(r)
		}
	}
	accounts.Link(r)
	require.NoError(t, accounts.Flush(ctx))
	cancel()
	_, err = accounts.Close(t.Context())
	require.NoError(t, err)
}
