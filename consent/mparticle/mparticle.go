// Package mparticle sends events to mParticle as the consent package sends them to Segment:
// the same policy, the same answers of visitors, and mParticle's own consent state on the wire.
// [New] returns a consent.Client, so With, For, Exempt, Flush, Shutdown, Stats and Options are
// the same, and messages are those of Segment's analytics-go. The package has its own client of
// mParticle's HTTP API, the bulk endpoint of version 2, and needs nothing else.
//
// # Who enforces what
//
// mParticle passes an event on to every connected output, unless a forwarding rule of that
// connection stops it. Rules are set up in mParticle's interface, and look at the consent that
// is stored in the profile of the user. Nothing in an event names outputs, and nothing tells a
// program which rules there are. So a [Router] is told which outputs are connected, and keeps an
// event back while one of them is denied, unless its rule is said to stop it:
//
//	| what | who |
//	|---|---|
//	| an output with the rule "only forward if GDPR consent for X is true" | mParticle, by what every batch says of X, if Output.Purpose is X |
//	| an output with the rule "do not forward if CCPA data sale opt-out is present" | mParticle, by the opt-out that every batch has, if Output.NoSale is set |
//	| an output without a rule, or with one that the Router is not told of | we: no event leaves while the policy denies it |
//	| an output that the visitor, or the application, denies by name while its purpose is granted | we: rules know no names |
//	| mParticle itself, which stores profiles | we, if an Output is named for it |
//	| a rule that the Router has and the connection has not; an output that the Router lacks | nobody: compare both when a connection changes |
//	| outputs fed by audiences, calculated attributes or a warehouse sync | mParticle, by conditions of the audience on stored consent |
//	| the stored consent of a profile when the answer lets nothing leave | nobody: it changes with the next batch. Meanwhile mParticle forwards what its other inputs send by the old answer |
//	| what outputs got before a withdrawal | nobody: ask for an erasure |
//	| one batch of a request that mParticle does not take | nobody: it answers 202 for all of them. What its documentation forbids is refused here, before it leaves; if an answer names errors, all of the request are told as failed |
//
// An update of preferences is suppressed, since mParticle has no such event. A site whose outputs
// all have rules tells of an answer with an Identify of the visitor, which leaves unless
// nothing is allowed. The profile of an exempt message stores true for every purpose: give it
// the AnonymousId of the machine, and never that of a visitor.
//
// # What a message becomes
//
//	| message | at mParticle |
//	|---|---|
//	| Track | a custom_event of the type "other", its properties as custom_attributes |
//	| Page, Screen | a screen_view; its name is the Name, or else the property title or path |
//	| Identify | a batch without events: the traits are user_attributes |
//	| Group, Alias | refused with [ErrUnsupported]: the Events API has neither |
//
// UserId is the identity customer_id, AnonymousId "other" or what Config.AnonymousID says. A
// value that is no scalar becomes its JSON as a string; in user_attributes a list of scalars is
// kept. Of the Context, what is used is App, the kind, manufacturer and model of Device, IP,
// Locale, Location with coordinates, Network.Carrier, OS.Version, the size of Screen, and
// UserAgent; nothing else of it leaves. Whatever is over a limit
// of mParticle is refused with [ErrLimit], or analytics.ErrMessageTooBig: mParticle cuts it off,
// or drops it without a word.
//
// # Delivery
//
// A batch has the events of one user under one consent state. Requests leave one after the
// other, so that an older answer does not overwrite a newer one in a profile. What fails with a
// status of 429 or 5xx, or without an answer, is tried again, ten times at most, after what
// Retry-After asks for (5 minutes at most) or a random time that grows up to 30 seconds. Each
// batch has a source_request_id, by which mParticle drops what arrives twice. A request that is
// refused with 400 or 413 is cut in two, so that one bad batch does not take others with it.
//
// mParticle's documentation was read as of 2023-10 (its repository mParticle/docs), the limits
// and the JSON schema as of 2026-08. It says that events older than 30 days should not be sent
// this way, and that new names of events beyond 1,000 in a workspace are dropped.
package mparticle

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-consent/segment/consent"
)

// New returns a Client that sends to mParticle. The Router of the options must be nil; r takes
// its place. DangerouslySendUnchanged must be nil: without a consent state mParticle would
// forward by an older answer.
//
// Each message that Enqueue accepts has an outcome, Delivered or Failed, told to OnOutcome.
// Delivered says that mParticle answered with 202. MaxPending, MaxPendingBytes and Wait of the
// options count as with consent.NewSegment.
//
// The error joins everything wrong, each wrapping [consent.ErrConfig].
func New(c Config, r Router, p consent.Policy, o *consent.Options) (*consent.Client, error) {
	var options consent.Options
	if o != nil {
		options = *o
	}
	if err := errors.Join(c.check(), r.check(p), checkOptions(options)); err != nil {
		return nil, err
	}
	options.Router = r.copy()
	return consent.New(newSender(c, options), p, &options), nil
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %w", consent.ErrConfig, fmt.Errorf(format, args...))
}

func (c Config) check() error {
	var wrong []error
	if c.Key == "" || c.Secret == "" || strings.Contains(c.Key, ":") {
		wrong = append(wrong, bad("the key or the secret is empty, or the key has a colon"))
	}
	switch {
	case c.Endpoint == "" && !slices.Contains([]Pod{US1, US2, EU1, AU1}, c.Pod):
		wrong = append(wrong, bad("the pod is not US1, US2, EU1 or AU1, and there is no endpoint"))
	case c.Endpoint != "" && c.Pod != "":
		wrong = append(wrong, bad("there are both a pod and an endpoint"))
	case c.Endpoint != "" && !isEndpoint(c.Endpoint):
		wrong = append(wrong, bad("the endpoint is not of the form https://host"))
	}
	if !slices.Contains(anonymousIdentities, c.anonymousID()) {
		wrong = append(wrong, bad(`AnonymousID is not "other", nor "other_id_2" to "other_id_10"`))
	}
	if c.Interval < 0 {
		wrong = append(wrong, bad("the interval is negative"))
	}
	return errors.Join(wrong...)
}

func checkOptions(o consent.Options) error {
	var wrong []error
	if o.Router != nil {
		wrong = append(wrong, bad("the options have a Router of their own"))
	}
	if o.DangerouslySendUnchanged != nil {
		wrong = append(wrong, bad("the options have DangerouslySendUnchanged"))
	}
	if o.MaxPending < 0 || o.MaxPendingBytes < 0 || o.Wait < 0 {
		wrong = append(wrong, bad("MaxPending, MaxPendingBytes or Wait is negative"))
	}
	return errors.Join(wrong...)
}

// isEndpoint reports whether a path can be appended to the URL.
func isEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return endpoint == u.Scheme+"://"+u.Host+u.EscapedPath() && !strings.HasSuffix(u.Path, "/")
}
