package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/cookie"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
	"github.com/go-consent/segment/middleware/preferences"
)

// A switchable Store works, fails while down is set, or blocks every Append until stuck is
// closed.
type switchable struct {
	ledger.Memory
	down  atomic.Bool
	finds atomic.Int64
	stuck chan struct{} // nil: it does not block
}

func (s *switchable) Append(ctx context.Context, keys map[string][]byte, next func(int64, []byte, map[string][]byte) ([]ledger.Row, error)) error {
	if s.stuck != nil {
		<-s.stuck
	}
	if s.down.Load() {
		return errBroken
	}
	return s.Memory.Append(ctx, keys, next)
}

func (s *switchable) Find(ctx context.Context, q ledger.Query, limit int) ([]ledger.Row, error) {
	s.finds.Add(1)
	if s.down.Load() {
		return nil, errBroken
	}
	return s.Memory.Find(ctx, q, limit)
}

// A shop is a site whose preferences are answered for the account.
type shop struct {
	t        testing.TB
	store    *switchable
	book     *ledger.Ledger
	accounts *ledger.Accounts
	recorder *consenttest.Recorder
	policy   *destinations.Policy
	handler  http.Handler
	clock    *clock

	mu   sync.Mutex
	told []error
}

func newShop(t testing.TB, change func(*ledger.AccountsOptions)) *shop {
	s := &shop{t: t, store: new(switchable), recorder: new(consenttest.Recorder), policy: policy, clock: newClock()}
	var err error
	s.book, err = ledger.New(s.store, ledger.Options{Retention: 3 * year, Now: func() time.Time { return s.clock.now }})
	require.NoError(t, err)
	codec := cookie.Codec{}
	o := ledger.AccountsOptions{
		Policy: s.policy, Device: codec,
		Client:      consent.New(s.recorder, s.policy, nil),
		AnonymousID: cookie.AnonymousID, UserID: userID,
		Signals:      []func(*http.Request) consent.State{middleware.GPC("advertising")},
		AccountScope: func(*http.Request) bool { return true },
		OnError: func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.told = append(s.told, err)
		},
	}
	if change != nil {
		change(&o)
	}
	s.accounts, err = ledger.NewAccounts(s.book, o)
	require.NoError(t, err)
	read := middleware.New(middleware.Options{
		Sources: []middleware.Source{s.accounts},
		Signals: []middleware.Signal{middleware.GPC("advertising")},
	})
	mux := http.NewServeMux()
	mux.Handle("/preferences", preferences.Handler{
		Codec: codec, Policy: s.policy, Client: o.Client, UserID: userID, OnAnswer: s.accounts.OnAnswer,
	})
	mux.Handle("/", read(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Join(allowed(s.policy, consent.FromContext(r.Context())), ", "))
	})))
	s.handler = mux
	return s
}

func (s *shop) errors() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.told...)
}

// userID stands in for a session.
func userID(r *http.Request) string { return r.Header.Get("Session-Of") }

// A browser keeps cookies, and may be signed in.
type browser struct {
	shop    *shop
	cookies map[string]string
	user    string
	gpc     bool
}

func (s *shop) browser(device string) *browser {
	return &browser{shop: s, cookies: map[string]string{"ajs_anonymous_id": device}}
}

func (b *browser) do(method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://shop.example.com"+target, strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Session-Of", b.user)
	if b.gpc {
		r.Header.Set("Sec-GPC", "1")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.shop.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) answer(form string) {
	b.shop.t.Helper()
	require.Equal(b.shop.t, http.StatusSeeOther, b.do("POST", "/preferences", form).Code)
}

// reach returns the destinations that an event of this browser would reach.
func (b *browser) reach() string { return b.do("GET", "/", "").Body.String() }

// work returns the destinations that an event of a worker for the account reaches.
func (s *shop) work(account string) string {
	s.recorder.Reset()
	err := s.accounts.For(context.Background(), account).Enqueue(analytics.Track{UserId: account, Event: "Renewed"})
	require.NoError(s.t, err)
	var reached []string
	for _, name := range []string{"Amplitude", "Mixpanel (Actions)", "Facebook Pixel"} {
		if len(s.recorder.Reached(name)) > 0 {
			reached = append(reached, name)
		}
	}
	return strings.Join(reached, ", ")
}

const all = "Amplitude, Facebook Pixel, Mixpanel (Actions)"

func TestOtherBrowserAndWorkerFollowAtOnce(t *testing.T) {
	for _, cacheFor := range []time.Duration{0, time.Hour} {
		s := newShop(t, func(o *ledger.AccountsOptions) { o.CacheFor = cacheFor })
		phone, laptop := s.browser("phone"), s.browser("laptop")
		phone.user, laptop.user = "ann", "ann"
		phone.answer("answer=accept")
		require.Equal(t, all, phone.reach())
		require.NoError(t, s.accounts.Flush(context.Background()))
		for range 3 {
			require.Equal(t, all, phone.reach())
			require.Equal(t, all, laptop.reach())
		}
		require.Equal(t, "Amplitude, Mixpanel (Actions), Facebook Pixel", s.work("ann"))

		laptop.answer("answer=deny")
		require.Empty(t, phone.reach(), "before it is written as well")
		require.Empty(t, laptop.reach())
		require.Empty(t, s.work("ann"))
		require.NoError(t, s.accounts.Flush(context.Background()))
		for range 3 {
			require.Empty(t, phone.reach())
		}
		require.Empty(t, s.work("ann"))

		phone.user = ""
		require.Empty(t, phone.reach(), "it holds the account's answer, and has none of its own")
		stranger := s.browser("tablet")
		require.Empty(t, stranger.reach())
		require.NoError(t, s.errors())
		s.close()
	}
}

func (s *shop) close() {
	s.t.Helper()
	lost, err := s.accounts.Close(context.Background())
	require.NoError(s.t, err)
	require.Zero(s.t, lost)
}

func TestAnswersOfOtherProcessesCountAfterCacheFor(t *testing.T) {
	s := newShop(t, func(o *ledger.AccountsOptions) { o.CacheFor = time.Minute })
	defer s.close()
	phone := s.browser("phone")
	phone.user = "ann"
	phone.answer("answer=accept")
	require.NoError(t, s.accounts.Flush(context.Background()))
	for range 3 {
		require.Equal(t, all, phone.reach())
	}
	finds := s.store.finds.Load()
	require.Equal(t, all, phone.reach())
	require.Equal(t, finds, s.store.finds.Load(), "from memory")

	_, err := s.book.Append(context.Background(), byAccount("laptop", "ann", rejects))
	require.NoError(t, err)
	require.Equal(t, all, phone.reach())
	s.clock.advance(time.Minute)
	require.Empty(t, phone.reach())
}

func TestStoreDownTakesDenialsAndAllowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil)
		phone, laptop := s.browser("phone"), s.browser("laptop")
		phone.user, laptop.user = "ann", "ann"
		phone.answer("answer=accept")
		synctest.Wait()
		s.store.down.Store(true)

		phone.answer("answer=deny")
		require.Equal(t, 200, laptop.do("GET", "/", "").Code, "the page is served")
		require.Empty(t, laptop.reach())
		require.Empty(t, phone.reach())
		require.Empty(t, s.work("ann"))
		time.Sleep(time.Minute)
		require.ErrorIs(t, s.errors(), errBroken)

		s.store.down.Store(false)
		time.Sleep(10 * time.Second)
		worker, err := s.book.Worker(t.Context(), "ann")
		require.NoError(t, err)
		require.Equal(t, ledger.WhyWorker, worker.Why, "the record was not lost")
		require.Empty(t, allowed(policy, worker.State))
		require.Len(t, s.history("ann"), 2)
		s.close()
	})
}

func (s *shop) history(account string) (all []ledger.Record) {
	for r, err := range s.book.History(context.Background(), ledger.Person{Account: account}) {
		require.NoError(s.t, err)
		all = append(all, r)
	}
	return all
}

func TestFullQueueIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, func(o *ledger.AccountsOptions) { o.MaxPending = 3 })
		s.store.down.Store(true)
		for i := range 5 {
			b := s.browser(fmt.Sprint("d", i))
			b.answer("answer=deny")
		}
		synctest.Wait()
		require.ErrorIs(t, s.errors(), ledger.ErrFull)
		require.Equal(t, 2, strings.Count(s.errors().Error(), "is lost"))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		lost, err := s.accounts.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3, lost)
		s.browser("late").answer("answer=deny")
		require.ErrorIs(t, s.errors(), ledger.ErrClosed)
	})
}

func TestSignalBindsAccountAndIsRecordedOnce(t *testing.T) {
	s := newShop(t, nil)
	defer s.close()
	phone, laptop := s.browser("phone"), s.browser("laptop")
	phone.user, laptop.user = "ann", "ann"
	laptop.answer("answer=accept")
	require.NoError(t, s.accounts.Flush(context.Background()))
	phone.gpc = true
	for range 5 {
		require.Equal(t, "Amplitude, Mixpanel (Actions)", phone.reach())
		require.Equal(t, "Amplitude, Mixpanel (Actions)", laptop.reach(), "a known consumer, not only the browser")
	}
	require.NoError(t, s.accounts.Flush(context.Background()))
	require.Equal(t, "Amplitude, Mixpanel (Actions)", s.work("ann"))
	phone.reach()
	require.NoError(t, s.accounts.Flush(context.Background()))
	require.Len(t, s.history("ann"), 2)

	phone.answer("answer=accept") // with the signal, which stays
	require.NoError(t, s.accounts.Flush(context.Background()))
	require.Equal(t, "Amplitude, Mixpanel (Actions)", s.work("ann"))
	laptop.answer("answer=accept") // without
	require.NoError(t, s.accounts.Flush(context.Background()))
	require.Equal(t, "Amplitude, Mixpanel (Actions), Facebook Pixel", s.work("ann"))
}

func TestKindsOfAnswers(t *testing.T) {
	s := newShop(t, func(o *ledger.AccountsOptions) {
		o.AccountScope = nil
		o.Describe = func(r *http.Request, record *ledger.Record) {
			record.Method = r.PostForm.Get("answer")
			record.Notice.ID = "banner"
		}
	})
	defer s.close()
	phone := s.browser("phone")
	phone.user = "ann"
	for _, form := range []string{"answer=deny", "answer=accept", "answer=save&category.analytics=on", "answer=accept"} {
		phone.answer(form)
	}
	require.Equal(t, 200, phone.do("DELETE", "/preferences", "").Code)
	require.NoError(t, s.accounts.Flush(context.Background()))
	var kinds []ledger.Kind
	for _, r := range s.history("ann") {
		kinds = append(kinds, r.Kind)
		require.Equal(t, ledger.DeviceScope, r.Scope)
		require.Equal(t, "banner", r.Notice.ID)
		require.Equal(t, policy.Fingerprint(), r.Policy)
	}
	require.Equal(t, []ledger.Kind{ledger.Answer, ledger.Answer, ledger.Withdrawal, ledger.Answer, ledger.Withdrawal}, kinds)

	nobody := &browser{shop: s, cookies: map[string]string{}}
	nobody.answer("answer=deny")
	require.NoError(t, s.errors(), "there is no person to record it for")
}

func TestWorkerSendsOnlyAboutItsPerson(t *testing.T) {
	s := newShop(t, nil)
	defer s.close()
	_, err := s.book.Append(context.Background(), byAccount("phone", "ann", accepts))
	require.NoError(t, err)
	client := s.accounts.For(context.Background(), "ann")
	for _, m := range []analytics.Message{
		analytics.Track{UserId: "bob", Event: "Banned"},
		analytics.Track{AnonymousId: "phone", Event: "Seen"},
		analytics.Group{UserId: "bob", GroupId: "g"},
		analytics.Alias{UserId: "ann", PreviousId: "bob"},
		analytics.Track{UserId: "bob", Event: consent.UpdateEvent},
	} {
		require.NoError(t, client.Enqueue(m))
	}
	require.NoError(t, client.Enqueue(analytics.Track{UserId: "ann", Event: "Renewed"}))
	s.recorder.RequireReached(t, "Amplitude", 1)
	s.recorder.RequireSuppressed(t, consent.SuppressedAnotherPerson, 5)

	require.NoError(t, s.accounts.For(context.Background(), "").Enqueue(analytics.Track{UserId: "", AnonymousId: "a", Event: "Renewed"}))
	s.recorder.RequireReached(t, "Amplitude", 1)
}

func TestLinksMergeNoAnswers(t *testing.T) {
	s := newShop(t, nil)
	defer s.close()
	r := httptest.NewRequest("GET", "/", nil)
	s.accounts.Link(r) // nobody
	r.Header.Set("Session-Of", "ann")
	r.AddCookie(&http.Cookie{Name: "ajs_anonymous_id", Value: "phone"})
	s.accounts.Link(r)
	require.NoError(t, s.accounts.Flush(context.Background()))
	require.Len(t, s.history("ann"), 1)
	worker, err := s.book.Worker(context.Background(), "ann")
	require.NoError(t, err)
	require.Equal(t, ledger.WhyNone, worker.Why)
}

// Accounts are what the Worker of a queue asks.
var _ queue.Answers = (*ledger.Accounts)(nil)

func TestCurrentAnswers(t *testing.T) {
	s := newShop(t, nil)
	defer s.close()
	given := s.clock.now.Add(-time.Hour)
	at := func(r ledger.Record) ledger.Record { r.Given = given; return r }
	ended := at(byAccount("laptop", "eve", partly))
	ended.ValidUntil = s.clock.now
	back := at(ledger.Record{Kind: ledger.Withdrawal, Device: "laptop", Account: "fay", Scope: ledger.AccountScope, State: silence})
	backOnDevice := at(byDevice("tv", silence))
	backOnDevice.Kind = ledger.Withdrawal
	_, err := s.book.Append(context.Background(),
		at(byDevice("phone", partly)), at(byAccount("phone", "ann", accepts)), ended,
		ledger.Record{Kind: ledger.Signal, Device: "tablet", Account: "dan", State: signals},
		ledger.Record{Kind: ledger.Signal, Device: "tablet", Account: "ann", State: signals},
		at(byAccount("laptop", "gil", accepts)), at(byDevice("watch", rejects)), back, backOnDevice,
	)
	require.NoError(t, err)
	for _, c := range []struct {
		user, device string
		want         consent.State
		given        time.Time
	}{
		{"", "phone", partly, given},
		{"ann", "phone", partly, given}, // with the signal
		{"ann", "", partly, given},
		{"", "tablet", silence, time.Time{}},
		{"", "", silence, time.Time{}},
		{"bob", "", silence, time.Time{}},
		{"bob", "phone", signals, time.Time{}}, // what the device denies, without what it grants
		{"gil", "phone", accepts, given},       // the device answered before
		{"gil", "watch", rejects, given},       // and after
		{"fay", "", silence, given},            // taken back
		{"bob", "tv", silence, given},
		{"gil", "tv", silence, given}, // both must allow
		{"dan", "", signals, time.Time{}},
		{"eve", "", signals, time.Time{}}, // its grants have ended
	} {
		got, when, err := s.accounts.Current(context.Background(), c.user, c.device)
		require.NoError(t, err)
		require.Equal(t, c.want.String(), got.String(), "%+v", c)
		require.Equal(t, c.given, when, "%+v", c)
	}
	s.store.down.Store(true)
	for _, user := range []string{"", "ann"} {
		got, _, err := s.accounts.Current(context.Background(), user, "phone")
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, closed, got)
	}
}

func TestCurrentCountsWhatIsNotWrittenYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &stuck{open: make(chan struct{})}
		book, err := ledger.New(store, ledger.Options{Retention: year})
		require.NoError(t, err)
		accounts, err := ledger.NewAccounts(book, ledger.AccountsOptions{
			Policy: policy, Device: cookie.Codec{}, AnonymousID: cookie.AnonymousID, UserID: userID,
			AccountScope: func(*http.Request) bool { return true },
		})
		require.NoError(t, err)
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Session-Of", "ann")
		accounts.OnAnswer(r, silence, rejects)
		synctest.Wait()
		got, _, err := accounts.Current(t.Context(), "ann", "")
		require.NoError(t, err)
		require.Equal(t, rejects, got)
		close(store.open)
		lost, err := accounts.Close(t.Context())
		require.NoError(t, err)
		require.Zero(t, lost)
	})
}

// A keeper is a queue that keeps what it gets.
type keeper struct{ got []consent.Captured }

func (k *keeper) Put(_ context.Context, c consent.Captured) error {
	k.got = append(k.got, c)
	return nil
}

func TestKeepGivesAQueueBothAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		cookie consent.State
		gpc    bool
		want   []consent.State
	}{
		{"one answer", silence, false, []consent.State{accepts}},
		{"two answers", partly, false, []consent.State{partly, accepts}},
		{"two answers and a signal", answers(map[string]bool{"analytics": true}), true, []consent.State{partly}},
		{"an answer and a signal", silence, true, []consent.State{partly}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, func(o *ledger.AccountsOptions) { o.Signals = nil })
			defer s.close()
			_, err := s.book.Append(context.Background(), byAccount("laptop", "ann", accepts))
			require.NoError(t, err)
			kept := new(keeper)
			client := consent.NewQueued(kept, policy, nil)
			handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				require.NoError(t, client.For(r.Context()).Enqueue(analytics.Track{UserId: "ann", Event: "Seen"}))
			})
			read := middleware.New(middleware.Options{
				Sources: []middleware.Source{s.accounts}, Signals: []middleware.Signal{middleware.GPC("advertising")},
			})
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Session-Of", "ann")
			if c.gpc {
				r.Header.Set("Sec-GPC", "1")
			}
			if c.cookie.Answered() {
				value, err := cookie.Encode(c.cookie)
				require.NoError(t, err)
				r.AddCookie(&http.Cookie{Name: cookie.DefaultName, Value: value})
			}
			before := s.store.finds.Load()
			s.accounts.Keep(read)(handler).ServeHTTP(httptest.NewRecorder(), r)
			require.EqualValues(t, 2, s.store.finds.Load()-before, "the account's answer and its signals, once")
			require.Len(t, kept.got, 1)
			require.Equal(t, c.want, kept.got[0].States)
		})
	}
}

// The ruling of a request is not kept for later: not once there is a new record, and not for
// another visitor.
func TestKeepRulesByWhatCountsNow(t *testing.T) {
	s := newShop(t, nil)
	defer s.close()
	_, err := s.book.Append(context.Background(), byAccount("laptop", "ann", accepts), byAccount("laptop", "bob", rejects))
	require.NoError(t, err)
	read := middleware.New(middleware.Options{Sources: []middleware.Source{s.accounts}})
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		of := func(user string) []string {
			r.Header.Set("Session-Of", user)
			ruling, err := s.accounts.Ruling(r)
			require.NoError(t, err)
			return allowed(policy, ruling.State)
		}
		require.NotEmpty(t, of("ann"))
		require.Empty(t, of("bob"))
		require.NotEmpty(t, of("ann"))
		s.accounts.OnAnswer(r, accepts, rejects)
		require.Empty(t, of("ann"))
		require.NoError(t, s.accounts.Flush(r.Context()))
		require.Empty(t, of("ann"))
	})
	r := httptest.NewRequest("GET", "/", nil)
	s.accounts.Keep(read)(handler).ServeHTTP(httptest.NewRecorder(), r)
}

// A stuck Store blocks every Append until it is opened.
type stuck struct {
	ledger.Memory
	open chan struct{}
}

func (s *stuck) Append(ctx context.Context, keys map[string][]byte, next func(int64, []byte, map[string][]byte) ([]ledger.Row, error)) error {
	<-s.open
	return s.Memory.Append(ctx, keys, next)
}

func TestAccountsNeedToKnowPeople(t *testing.T) {
	_, err := ledger.NewAccounts(nil, ledger.AccountsOptions{Signals: []func(*http.Request) consent.State{nil}})
	require.ErrorIs(t, err, ledger.ErrConfig)
	for _, what := range []string{"Ledger", "Policy", "Device", "AnonymousID", "UserID", "Signals[0]"} {
		require.ErrorContains(t, err, what)
	}
}

func TestUnreadableDeviceDenies(t *testing.T) {
	s := newShop(t, nil)
	defer s.close()
	_, err := s.book.Append(context.Background(), byAccount("laptop", "ann", accepts))
	require.NoError(t, err)
	phone := s.browser("phone")
	phone.user = "ann"
	require.Equal(t, all, phone.reach())
	phone.cookies[cookie.DefaultName] = url.QueryEscape("{damaged")
	require.Empty(t, phone.reach())
}
