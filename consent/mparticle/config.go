package mparticle

import (
	"cmp"
	"net/http"
	"time"
)

// A Pod is the data centre that an account of mParticle is in. Its interface shows it.
type Pod string

// The pods.
const (
	US1 Pod = "us1"
	US2 Pod = "us2"
	EU1 Pod = "eu1" // in the European Union
	AU1 Pod = "au1"
)

// A Config says how mParticle is reached.
type Config struct {
	// Key and Secret are those of a platform, or of a custom feed: with the credentials of a
	// partner feed, mParticle does not update the consent of a user.
	Key, Secret string

	// Pod is where the account is. There is no default, so that nobody's data goes to another
	// continent by mistake.
	Pod Pod

	// Endpoint replaces the Pod, for a proxy or a fake: a scheme and a host, and perhaps a
	// path, to which /v2/bulkevents is appended.
	Endpoint string

	// Development marks the data as of mParticle's development environment.
	Development bool

	// AnonymousID is the identity that an AnonymousId becomes: "other", which is the default,
	// or "other_id_2" to "other_id_10". It must not be a login id of the workspace's identity
	// strategy.
	AnonymousID string

	// Document and Location are written with every purpose of the consent state, if they are
	// not empty: the version of the notice, and where consent was given.
	Document, Location string

	// Interval is how long a message may wait for others to fill a request. Zero: 5 seconds.
	Interval time.Duration

	// RetryAfter is how long to wait after an attempt, which count from 0, if the server asks
	// for nothing. Nil: a random time of at most 1, 2, 4 seconds and so on, up to 30.
	RetryAfter func(attempt int) time.Duration

	// Transport makes the requests. Nil: http.DefaultTransport. Redirects are not followed.
	Transport http.RoundTripper

	// Logf is given one line for each attempt that failed, without anything of a message.
	// Nil: package log.
	Logf func(format string, args ...any)
}

var anonymousIdentities = []string{
	"other", "other_id_2", "other_id_3", "other_id_4", "other_id_5",
	"other_id_6", "other_id_7", "other_id_8", "other_id_9", "other_id_10",
}

func (c Config) anonymousID() string { return cmp.Or(c.AnonymousID, "other") }

func (c Config) url() string {
	return cmp.Or(c.Endpoint, "https://s2s."+string(c.Pod)+".mparticle.com") + "/v2/bulkevents"
}

func (c Config) environment() string {
	if c.Development {
		return "development"
	}
	return "production"
}
