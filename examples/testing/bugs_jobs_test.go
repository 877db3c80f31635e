package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
)

// Bugs where the visitor sends no request: in workers and imports, with other programs, and with
// employees who act for users.
var bugsOfJobs = []bug{
	{"a worker decodes into a struct that it used before", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			var c customer // the bug: what a line leaves out stays from the line before
			for lines := bufio.NewScanner(strings.NewReader(exported(tb, "yes") + `{"User":"no"}`)); lines.Scan(); {
				_ = json.Unmarshal(lines.Bytes(), &c)
				b.track(consent.NewContext(tb.Context(), c.Consent), analytics.Track{UserId: c.User, Event: "Order Shipped"})
			}
		})
	}},
	{"a worker has no answer with its jobs", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			for _, user := range []string{"yes", "no"} {
				b.track(tb.Context(), analytics.Track{UserId: user, Event: "Order Shipped"}) // the bug
			}
		})
	}},
	{"a worker ships all orders under the answer of the first", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			visit(b.site())
			ctx := b.account(tb.Context(), b.orders[0].user) // the bug: outside the loop
			for _, o := range b.orders {
				b.track(ctx, analytics.Track{UserId: o.user, Event: "Order Shipped"})
			}
		})
	}},
	{"a queue replays an event under a later answer", "RequireHonoured", func(tb testing.TB) {
		var recorder consenttest.Recorder
		b := recorded(&recorder)
		serve(b.site(), post(called("rejected all"), "/orders", "user=u-1"))
		b.remember("u-1", called("accepted all").State)
		for _, o := range b.orders {
			b.track(b.account(tb.Context(), o.user), analytics.Track{UserId: o.user, Event: "Order Shipped"}) // the bug: consent.Both
		}
		consenttest.RequireHonoured(tb, &recorder, policy, consenttest.Answers{
			"u-1": consent.Both(policy, called("rejected all").State, called("accepted all").State),
		})
	}},
	{"a nightly job sends with every consent there is", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			nightly := b.client.With(consent.All(consent.Granted)) // the bug
			for _, user := range []string{"yes", "no", "silent"} {
				_ = nightly.Enqueue(analytics.Track{UserId: user, Event: "Reminded"})
			}
		})
	}},
	{"an import takes everybody as one who agreed", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			for lines := bufio.NewScanner(strings.NewReader(exported(tb, "yes", "no"))); lines.Scan(); {
				var c customer
				_ = json.Unmarshal(lines.Bytes(), &c)
				_ = b.client.With(consent.All(consent.Granted)).Enqueue(analytics.Identify{UserId: c.User}) // the bug
			}
		})
	}},
	{"an import is off by one line", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			users := []string{"no", "yes", "analyst"}
			for i, user := range users {
				next := answers[users[(i+1)%len(users)]] // the bug
				b.track(consent.NewContext(tb.Context(), next), analytics.Identify{UserId: user})
			}
		})
	}},
	{"a webhook takes the provider for the customer", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			provider := read(handle(func(r *http.Request) {
				b.track(r.Context(), analytics.Track{UserId: r.FormValue("user"), Event: "Order Paid"}) // the bug
			}))
			serve(provider, post(called("never asked"), "/webhooks/paid", "user=yes"))
		})
	}},
	{"a webhook uses the answer of whoever ordered last", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			serve(b.site(), orderOf("no"))
			serve(b.site(), orderOf("yes"))
			last := b.orders[len(b.orders)-1].user // the bug
			b.track(b.account(tb.Context(), last), analytics.Track{UserId: "no", Event: "Order Paid"})
		})
	}},
	{"an employee's own answer decides for a customer", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			admin := read(handle(func(r *http.Request) {
				b.track(r.Context(), analytics.Track{UserId: r.FormValue("user"), Event: "Order Refunded"}) // the bug
			}))
			serve(admin, post(called("accepted all"), "/admin/refunds", "user=no"))
		})
	}},
	{"an employee's browser lends its anonymous id", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			b.remember("staff", answers["staff"])
			b.track(b.account(tb.Context(), "staff"),
				analytics.Track{UserId: "staff", AnonymousId: "no", Event: "Order Refunded"}) // the bug
		})
	}},
	{"an employee puts a customer into a group", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			b.track(consent.NewContext(tb.Context(), answers["staff"]), analytics.Group{UserId: "analyst", GroupId: "wholesale"}) // the bug
		})
	}},
	{"an alias joins a visitor who denied", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			b.track(consent.NewContext(tb.Context(), answers["yes"]), analytics.Alias{UserId: "yes", PreviousId: "no"}) // the bug
		})
	}},
	{"an account that was deleted is tracked under what is left", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			b.track(consent.NewContext(tb.Context(), answers["yes"]), analytics.Track{UserId: "deleted-7", Event: "Order Shipped"}) // the bug
		})
	}},
	{"two customers' orders are merged into one message", "RequireHonoured", func(tb testing.TB) {
		honoured(tb, func(b *backend) {
			b.track(consent.NewContext(tb.Context(), answers["analyst"]),
				analytics.Track{UserId: "analyst", AnonymousId: "no", Event: "Orders Merged"}) // the bug
		})
	}},
}
