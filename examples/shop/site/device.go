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
// It is not the anonymous id that Segment knows. That one needs consent, and changes with each event
// of a visitor who denied. A denial has to be as provable as a grant, and has to count after an
// account was used here, so the ledger needs an id that stays. The number is not for tracking: the
// device gets it with its first answer or sign-in, and only the browser and the ledger know it. No
// event has it, and Segment never sees it. Keeping proof of an answer is a duty (GDPR article
// 7(1)), and the number is strictly necessary for that.
//
// The session cannot take its place: it ends, and its cookie gives access to an account.
const deviceCookie = "shop-device"

type deviceKey struct{}

// rememberDevice gives the device a number if it has none, and otherwise extends its number by a
// year. It is for requests in which a visitor answers or signs in.
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

// deviceOf returns the number of the device, or "" if it has none yet. A cookie that does not hold a
// number in the shop's form does not count.
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

// personOf returns the person whose records to show. Without an account there is none: others may
// have used the device.
func personOf(r *http.Request) ledger.Person { return ledger.Person{Account: userOf(r)} }

func isName(s string) bool {
	return s != "" && len(s) <= 30 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
