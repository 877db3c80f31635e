package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/middleware"
)

// home is a page that differs from visitor to visitor, so that no shared cache may keep it.
func (b *backend) home(w http.ResponseWriter, r *http.Request) {
	middleware.Private(w.Header())
	fmt.Fprintln(w, page(r.Context()))
}

// page has the script of advertising for those who agreed to it.
func page(ctx context.Context) string {
	if consent.FromContext(ctx).Category("advertising") == consent.Granted {
		return `<h1>Shop</h1><script src="/pixel.js"></script>`
	}
	return "<h1>Shop</h1>"
}

// remember keeps the answer that the visitor has just come with, for events of theirs
// that happen without them.
func (b *backend) remember(user string, s consent.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[user] = s
}

// account returns a context with the answer of the user. Of somebody unknown it is the zero
// State, which denies everything.
func (b *backend) account(ctx context.Context, user string) context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	return consent.NewContext(ctx, b.answers[user])
}

// paid is called by the payment provider, whose request has no cookie of the customer.
func (b *backend) paid(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	b.track(b.account(r.Context(), user), analytics.Track{UserId: user, Event: "Order Paid"})
}

// refund is called by an employee. The event is about the customer, and so is the answer.
func (b *backend) refund(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	b.track(b.account(r.Context(), user), analytics.Track{UserId: user, Event: "Order Refunded"})
}

// importCustomers reads a line of JSON for each customer of another shop. A customer
// without an answer is one who denied everything: a fresh value for each line.
func (b *backend) importCustomers(ctx context.Context, r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var c customer
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			log.Print(err)
			continue
		}
		b.remember(c.User, c.Consent)
		b.track(b.account(ctx, c.User), analytics.Identify{UserId: c.User})
	}
}

// A customer is a line of an import.
type customer struct {
	User    string
	Consent consent.State
}
