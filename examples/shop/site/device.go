package site

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/go-consent/segment/consent/ledger"
)

// deviceCookie holds the number under which the ledger keeps the answers of this device.
//
// It is not the anonymous id that Segment knows: that one needs consent, and is another with
// each event of those who deny. A denial has to be kept as provably as a grant, and must hold
// after an account was used here, so the ledger needs an id that stays. It is no means of
// tracking: the device gets it with its first answer or sign-in, and it stays between the
// browser and the ledger. No event has it, and Segment never sees it. Keeping proof of an
// answer is a duty (GDPR article 7(1)), and the id is strictly necessary for that.
//
// The session will not do: it ends, and its cookie opens an account.
const deviceCookie = "shop-device"

type deviceKey struct{}

// rememberDevice gives the device a number if it has none, and the one that it has another
// year. It is for requests with which somebody answers or signs in.
func rememberDevice(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		device := deviceOf(r)
		if device == "" {
			device = rand.Text()
		}
		http.SetCookie(w, &http.Cookie{
			Name: deviceCookie, Value: device, Path: "/", MaxAge: 365 * 24 * 60 * 60,
			HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
		})
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), deviceKey{}, device)))
	})
}

// deviceOf returns the number of the device, or "" if it has none yet. A cookie with
// anything else than what the shop gave is none.
func deviceOf(r *http.Request) string {
	if device, ok := r.Context().Value(deviceKey{}).(string); ok {
		return device
	}
	c, err := r.Cookie(deviceCookie)
	if err != nil || len(c.Value) != 26 || strings.Trim(c.Value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return ""
	}
	return c.Value
}

// userOf returns the account that is signed in, or "".
func userOf(r *http.Request) string { return visitorOf(r).account() }

// personOf returns whose records to show. Without an account there is nobody: others may
// have used the device.
func personOf(r *http.Request) ledger.Person { return ledger.Person{Account: userOf(r)} }

func isName(s string) bool {
	return s != "" && len(s) <= 30 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
