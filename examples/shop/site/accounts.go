package site

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/ledger"
	"github.com/go-consent/segment/cookie"
)

// Retention is how long an answer is kept after another took its place. Here it is three years, the
// regular limitation period of German law (BGB section 195), in which a customer can dispute what
// the shop did. Ask your own lawyer.
const Retention = 3 * 365 * 24 * time.Hour

// openAccounts opens the ledger, and says how the shop knows devices and accounts.
func (s *shop) openAccounts(store ledger.Store) (err error) {
	s.book, err = ledger.New(store, ledger.Options{Retention: Retention})
	if err != nil {
		return err
	}
	s.accounts, err = ledger.NewAccounts(s.book, ledger.AccountsOptions{
		Policy: s.policy, Client: s.client, Device: cookie.Codec{},
		AnonymousID: deviceOf, UserID: userOf,
		Signals:      []func(*http.Request) consent.State{gpc},
		AccountScope: everywhere, Describe: s.describe,
		OnError: func(err error) { s.log.Printf("ledger: %v", err) },
	})
	return err
}

// scopeField is the box of the form that says where an answer counts. Only visitors who are signed
// in see it, together with the question itself: the CNIL requires that the scope is stated there,
// and that a refusal has the same scope (deliberation 2025-131).
const scopeField = "everywhere"

// everywhere reports whether an answer is for the account.
func everywhere(r *http.Request) bool {
	return userOf(r) != "" && r.PostForm.Get(scopeField) == "on"
}

// describe completes the record of an answer: what was asked, how it was answered, and the
// policy that was in force.
func (s *shop) describe(r *http.Request, record *ledger.Record) {
	record.Method = cmp.Or(r.PostForm.Get("answer"), r.Method)
	record.Notice = ledger.Notice{ID: "privacy choices", Version: "1", Shown: shownText}
	record.Language = "en"
}

// shownText represents what was on the screen: the template and the questions in it.
var shownText = sha256.Sum256([]byte(pageText + questionText()))

// oneForm lets one form have boxes, and buttons for all of them. A button that rejects or accepts
// everything does so whatever is ticked, for the scope that its box says.
func oneForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil { // which leaves JSON alone
			http.Error(w, "The form cannot be read.", http.StatusBadRequest)
			return
		}
		if answer := r.PostForm.Get("answer"); answer == "accept" || answer == "deny" {
			for field := range r.PostForm {
				if strings.HasPrefix(field, "category.") {
					r.PostForm.Del(field)
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// signIn believes everybody's name. A real shop authenticates here: a visitor who is signed in
// answers for the account, and sees the records about it.
func (s *shop) signIn(w http.ResponseWriter, r *http.Request) {
	user := strings.ToLower(strings.TrimSpace(r.PostFormValue("name")))
	if !isName(user) {
		http.Error(w, "A name has 1 to 30 letters, digits, dots and hyphens.", http.StatusBadRequest)
		return
	}
	s.restoreDevice(w, r) // another account may have left its answer here
	s.visitors.signIn(w, r, user)
	s.accounts.Link(r)
	http.Redirect(w, r, "/?done=sign-in#done", http.StatusSeeOther)
}

// signOut leaves the device as it was without the account.
func (s *shop) signOut(w http.ResponseWriter, r *http.Request) {
	s.restoreDevice(w, r)
	s.visitors.signOut(w, r, "sign-out")
	http.Redirect(w, r, "/?done=sign-out#done", http.StatusSeeOther)
}

// restoreDevice writes the device's own answer into the cookie, where scripts read it. If the device
// has none, it is asked again. Once nobody is signed in, the middleware uses that answer even if
// this fails. An answer that did not come from the account stays.
func (s *shop) restoreDevice(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.patience)
	defer cancel()
	err := s.accounts.Flush(ctx) // so that the latest answers count
	if err == nil {
		err = s.writeOwn(ctx, w, r)
	}
	if err != nil {
		s.log.Printf("the device's own answer: %v", err)
	}
}

func (s *shop) writeOwn(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	codec, device := cookie.Codec{}, deviceOf(r)
	held, err := codec.Consent(r)
	if err != nil {
		return err
	}
	ruling, err := s.book.Whose(ctx, s.policy, held, ledger.Person{Device: device})
	if err != nil || ruling.Why == ledger.WhyNobody {
		return err
	}
	own, err := s.book.Own(ctx, device)
	switch {
	case err != nil:
		return err
	case own.Answered():
		return codec.Write(w, r, own)
	default:
		return codec.Forget(w, r)
	}
}

// erase removes what the ledger holds about the account, and signs out. The answer in the cookies of
// other devices stays until it expires or is deleted there. For the data at Segment, see
// rights.Regulations.
func (s *shop) erase(w http.ResponseWriter, r *http.Request) {
	user := userOf(r)
	if user == "" {
		http.Error(w, "sign in first", http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.patience)
	defer cancel()
	err := s.accounts.Flush(ctx) // or waiting records would be written afterwards
	if err == nil {
		s.restoreDevice(w, r) // while the ledger still knows
		_, err = s.book.Erase(ctx, ledger.Person{Account: user})
	}
	if err == nil {
		err = s.forgetQueued(ctx, user)
	}
	if err != nil {
		s.requestFailed(r, err)
		http.Error(w, "The record could not be erased. Try again later.", http.StatusInternalServerError)
		return
	}
	s.visitors.signOut(w, r, "erase")
	http.Redirect(w, r, "/?done=erase#done", http.StatusSeeOther)
}

// expireDaily removes records that are older than the retention and no longer count.
func (s *shop) expireDaily(ctx context.Context) {
	day := time.NewTicker(24 * time.Hour)
	defer day.Stop()
	for {
		if _, err := s.book.Expire(ctx); err != nil && ctx.Err() == nil {
			s.log.Printf("ledger: %v", err)
		}
		select {
		case <-day.C:
		case <-ctx.Done():
			return
		}
	}
}

// remind lets a worker remind the account of its renewal. The worker gets only the name of the
// account: it has no request, and so no cookie to read.
func (s *shop) remind(w http.ResponseWriter, r *http.Request) {
	user := userOf(r)
	if user == "" {
		http.Error(w, "sign in first", http.StatusForbidden)
		return
	}
	s.work(context.Background(), user)
	http.Redirect(w, r, "/?done=remind#done", http.StatusSeeOther)
}

const reminder = "Renewal Reminder Sent"

// work sends what the current answer of the account allows, no matter where it was given.
func (s *shop) work(ctx context.Context, user string) {
	m := analytics.Track{MessageId: rand.Text(), UserId: user, Event: reminder}
	s.visitors.show(user, m.MessageId)
	ruling, err := s.book.Worker(ctx, user) // for the proof alone
	if err != nil {
		s.log.Printf("ledger: %v", err)
	}
	if err := s.accounts.For(ctx, user).Enqueue(m); err != nil {
		s.log.Printf("event not sent: %v", err)
	}
	signals := ruling.Signals
	if ruling.Why == ledger.WhyNone {
		signals = consent.NewState(nil)
	}
	s.journal.because(m, ruling, signals)
}
