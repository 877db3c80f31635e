// Command platforms serves three sites that ask their visitors with OneTrust, Cookiebot and
// Didomi, the three consent platforms in widest use. Each has a Source that maps the platform's
// categories to those of the policy; everything else is the same for all.
//
//	WRITE_KEY=... go run ./examples/platforms
//	curl localhost:8080/cookiebot
//	curl --cookie 'CookieConsent={necessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:false%2Cver:1}' localhost:8080/cookiebot
//
// A GET of /onetrust, /cookiebot or /didomi shows the decision for the visitor, and a POST
// tracks an order at Segment, in the source whose key is WRITE_KEY.
//
// A site has one platform, so it needs only one entry of the table below. If it also uses the
// IAB's framework, it adds a Source of the tcf package.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/cookie/cookiebot"
	"github.com/go-consent/segment/cookie/didomi"
	"github.com/go-consent/segment/cookie/onetrust"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/middleware"
)

var policy = destinations.MustCompile(destinations.Config{Categories: map[string][]string{
	"analytics":   {"Amplitude"},
	"functional":  {"Intercom"},
	"advertising": {"Facebook Pixel"},
}})

// categories are all categories of the policy: one that an answer leaves out is denied.
var categories = []string{"analytics", "functional", "advertising"}

var sources = map[string]middleware.Source{
	"onetrust": onetrust.Source{
		// The groups of this site's banner, except the strictly necessary cookies, C0001, which
		// allow no destination.
		Groups:         map[string]string{"C0002": "analytics", "C0003": "functional", "C0004": "advertising", "C0005": "advertising"},
		Categories:     categories,
		RefuseOutdated: true,
	},
	"cookiebot": cookiebot.Source{
		Groups:     map[string]string{"preferences": "functional", "statistics": "analytics", "marketing": "advertising"},
		Categories: categories,
		Version:    1,
	},
	"didomi": didomi.Source{
		// The purposes of this site, with the ids that Didomi's console gave them.
		Purposes:   map[string]string{"audience-Xy12Ab": "analytics", "chat-Qw34Cd": "functional", "ads-Er56Ef": "advertising"},
		Categories: categories,
	},
}

// sites serves each platform below its name.
func sites(client *consent.Client) http.Handler {
	mux := http.NewServeMux()
	for name, source := range sources {
		read := middleware.New(middleware.Options{
			Sources: []middleware.Source{source},
			OnError: func(_ *http.Request, err error) { log.Printf("%s: %v", name, err) },
		})
		mux.Handle("GET /"+name, read(http.HandlerFunc(show)))
		mux.Handle("POST /"+name, read(order(client)))
	}
	return mux
}

// show writes the decision for the visitor, a line for each destination.
func show(w http.ResponseWriter, r *http.Request) {
	answer := consent.FromContext(r.Context())
	fmt.Fprintf(w, "answered: %t\n", answer.Answered())
	for v := range policy.Decide(answer).Verdicts() {
		verdict := "denied"
		if v.Allowed {
			verdict = "allowed"
		}
		fmt.Fprintf(w, "%s: %s, %s\n", v.Destination, verdict, v.Reason)
	}
}

// order tracks an order for the destinations that the visitor allowed.
func order(client *consent.Client) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := client.For(r.Context()).Enqueue(analytics.Track{UserId: "u1", Event: "Order Completed"})
		if err != nil {
			http.Error(w, "not tracked", http.StatusInternalServerError)
			log.Print(err)
		}
	})
}

func main() {
	client, err := consent.NewSegment(os.Getenv("WRITE_KEY"), analytics.Config{}, policy, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	const address = "127.0.0.1:8080"
	log.Printf("http://%s/onetrust, /cookiebot and /didomi", address)
	log.Print(http.ListenAndServe(address, sites(client)))
}
