package ledger

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/go-consent/segment/consent"
)

// Keep returns read, the middleware of the middleware package with these Accounts among its
// Sources, such that it reads the Store once for a request, however often its [Accounts.Ruling]
// is asked.
//
// A client of [consent.NewQueued] that is bound to the context of a request then keeps the
// answers that both must allow, and not only what they come to under the present policy. What
// the browser signals is in each of them.
func (a *Accounts) Keep(read func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		inner := read(a.keepAnswers(next))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keptKey{a}, new(kept))))
		})
	}
}

func (a *Accounts) keepAnswers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read, found := consent.Lookup(r.Context())
		ruling, err := a.Ruling(r)
		if found && err == nil && len(ruling.Answers) > 1 {
			if read != ruling.State { // the browser signals something, too
				for i, answer := range ruling.Answers {
					ruling.Answers[i] = answer.Restrict(read.Denials())
				}
			}
			r = r.WithContext(consent.NewContextAll(r.Context(), a.options.Policy, ruling.Answers...))
		}
		next.ServeHTTP(w, r)
	})
}

type keptKey struct{ of *Accounts }

// A kept holds the ruling of a request. A nil one holds none.
type kept struct{ last atomic.Pointer[keptRuling] }

type keptRuling struct {
	key      cacheKey
	versions [2]uint64
	ruling   Ruling
}

func (k *kept) ruling(key cacheKey, versions [2]uint64) (Ruling, bool) {
	if k == nil {
		return Ruling{}, false
	}
	last := k.last.Load()
	if last == nil || last.key != key || last.versions != versions {
		return Ruling{}, false
	}
	return last.ruling, true
}

func (k *kept) keep(key cacheKey, versions [2]uint64, r Ruling) {
	if k != nil {
		k.last.Store(&keptRuling{key, versions, r})
	}
}
