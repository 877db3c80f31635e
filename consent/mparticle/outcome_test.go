package mparticle_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest/mparticletest"
	"github.com/go-consent/segment/consent/mparticle"
)

// outcomes collects what was told.
type outcomes struct {
	mu   sync.Mutex
	told []consent.Outcome
	who  []string
}

func (o *outcomes) add(m analytics.Message, told consent.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, told)
	o.who = append(o.who, idOf(m))
}

func TestEveryMessageHasAnOutcome(t *testing.T) {
	type fault = mparticletest.Fault
	ten := make([]fault, 10)
	for i := range ten {
		ten[i] = fault{Status: 503}
	}
	for name, c := range map[string]struct {
		script   []fault
		want     consent.Result
		err      string
		requests int
	}{
		"delivered":                  {nil, consent.Delivered, "", 1},
		"limited":                    {[]fault{{Status: 429}, {Status: 429}}, consent.Delivered, "", 3},
		"unavailable":                {[]fault{{Status: 503}}, consent.Delivered, "", 2},
		"for ever":                   {ten, consent.Failed, "mparticle: the server answered 503 Service Unavailable", 10},
		"broken":                     {[]fault{{Break: true}}, consent.Delivered, "", 2},
		"taken, and no answer":       {[]fault{{NoResponse: true}}, consent.Delivered, "", 2},
		"another key":                {[]fault{{Status: 403}}, consent.Failed, "mparticle: the server answered 403 Forbidden", 1},
		"no key":                     {[]fault{{Status: 401}}, consent.Failed, "mparticle: the server answered 401 Unauthorized", 1},
		"a redirect":                 {[]fault{{Status: 302}}, consent.Failed, "mparticle: the server answered 302 Found", 1},
		"200 is not what it says":    {[]fault{{Status: 200}}, consent.Failed, "mparticle: the server answered 200 OK", 1},
		"refused, and both halves":   {[]fault{{Status: 400}, {Status: 400}, {Status: 400}}, consent.Failed, "mparticle: the server answered 400 Bad Request", 3},
		"too large, and in halves":   {[]fault{{Status: 413}}, consent.Delivered, "", 3},
		"a half that is tried again": {[]fault{{Status: 400}, {Status: 503}}, consent.Delivered, "", 4},
	} {
		t.Run(name, func(t *testing.T) {
			fake := mparticletest.New(t, connected)
			fake.Script(c.script...)
			var o outcomes
			client := newClient(t, silent(fake), &consent.Options{OnOutcome: o.add})
			for _, user := range []string{"u", "v"} {
				require.NoError(t, client.With(accept).Enqueue(track(user)))
			}
			require.NoError(t, client.Flush(t.Context()))
			require.Zero(t, client.Stats().Pending())
			require.NoError(t, client.Close())
			require.Len(t, o.told, 2)
			for _, told := range o.told {
				require.Equal(t, c.want, told.Result)
				if c.err != "" {
					require.EqualError(t, told.Err, c.err)
				}
			}
			require.Equal(t, c.requests, fake.Requests())
			if c.want == consent.Delivered {
				fake.RequireArrivals(t, 2) // and no event twice
			}
			require.Empty(t, fake.Refusals())
		})
	}
}

// One batch that mParticle refuses does not take the others of its request with it.
func TestOneBadBatchIsFoundByHalves(t *testing.T) {
	var o outcomes
	requests := 0
	config := mparticle.Config{
		Pod: mparticle.EU1, Key: "key", Secret: "secret", Interval: time.Hour, Logf: func(string, ...any) {},
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			requests++
			body := readBody(t, r)
			if strings.Contains(body, `"customer_id":"5"`) {
				return &http.Response{StatusCode: 400, Body: http.NoBody}, nil
			}
			return &http.Response{StatusCode: 202, Body: http.NoBody}, nil
		}),
	}
	client := newClient(t, config, &consent.Options{OnOutcome: o.add})
	for i := range 8 {
		require.NoError(t, client.With(accept).Enqueue(analytics.Track{MessageId: fmt.Sprint(i), UserId: fmt.Sprint(i), Event: "e"}))
	}
	require.NoError(t, client.Close())
	require.Equal(t, 7, requests)
	require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7"}, o.who, "in order")
	for i, told := range o.told {
		require.Equal(t, i == 5, told.Result == consent.Failed)
	}
}

// What the bulk endpoint names in a 202 was not taken, though nobody says what it was.
func TestErrorsInASuccessAreTold(t *testing.T) {
	var o outcomes
	config := mparticle.Config{
		Pod: mparticle.US1, Key: "key", Secret: "secret", Logf: func(string, ...any) {},
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return response(202, `{"errors":[{"code":"BAD_REQUEST","message":"secret"}]}`), nil
		}),
	}
	client := newClient(t, config, &consent.Options{OnOutcome: o.add})
	require.NoError(t, client.With(accept).Enqueue(track("u")))
	require.NoError(t, client.Close())
	require.Equal(t, consent.Failed, o.told[0].Result)
	require.EqualError(t, o.told[0].Err, "mparticle: the server took the request and named errors in it")
}
