package recipes

import (
	"log"
	"net/http"
	"sync"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
)

// A Checkout sends visitors to a payment page of another site, which has their browser post
// the result back. Browsers do not send the visitor's Lax cookies with that request, so it
// shows no answer. The visitor's answer on leaving is stored with the order.
type Checkout struct {
	Client *consent.Client

	mu       sync.Mutex
	consents map[string]string // of orders that are being paid
}

// Pay begins a payment. Requests come from the shop's own page, with its cookies.
func (c *Checkout) Pay(w http.ResponseWriter, r *http.Request) {
	order := r.FormValue("order")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.consents == nil {
		c.consents = make(map[string]string)
	}
	c.consents[order] = consent.Text(r.Context())
	http.Redirect(w, r, "https://payment.example/"+order, http.StatusSeeOther)
}

// Paid takes the result. Verify elsewhere that the payment is real and the order is this
// visitor's: anybody can send this request.
func (c *Checkout) Paid(w http.ResponseWriter, r *http.Request) {
	order := r.FormValue("order")
	c.mu.Lock()
	text := c.consents[order]
	delete(c.consents, order)
	c.mu.Unlock()

	// The context of r denies everything. Use another one, with the stored answer.
	ctx, err := consent.WithText(r.Context(), text)
	if err != nil {
		log.Print(err) // everything is denied
	}
	if err := c.Client.For(ctx).Enqueue(analytics.Track{UserId: r.FormValue("user"), Event: "Order Completed"}); err != nil {
		log.Print(err)
	}
	http.Redirect(w, r, "/orders/thanks", http.StatusSeeOther)
}

// Thanks is the page that the browser is sent on to. It is a navigation by GET, with the
// cookies, so events here follow the present answer.
func (c *Checkout) Thanks(w http.ResponseWriter, r *http.Request) {
	if err := c.Client.For(r.Context()).Enqueue(analytics.Page{UserId: r.FormValue("user"), Name: "Thanks"}); err != nil {
		log.Print(err)
	}
}
