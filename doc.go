// Package segment is the tour of a library that makes server-side Segment tracking
// obey the visitor's consent. It holds no code; the packages below do.
//
// # The problem
//
// Visitors answer a consent banner in the browser, and the answer sits in a
// cookie. Scripts in the page gate themselves by it. A backend that calls Segment
// through analytics-go gates nothing: it sends the visitor's events to every
// destination of the workspace, also to those the visitor rejected.
//
// # From the cookie to the event
//
// A request passes four packages, each of which can be used without the others:
//
//   - cookie reads the answer that Segment's Consent Manager wrote into its
//     cookie, and writes one that the Consent Manager reads. What it cannot read
//     is an error, never a guess.
//   - middleware asks its Sources (the cookie, an account, whatever you have) and
//     its Signals (Global Privacy Control), and puts the answer, a consent.State,
//     into the request's context.
//   - destinations compiles a table of categories and destinations into a
//     consent.Policy, which turns a State into a verdict for each destination,
//     with the reason.
//   - consent has the State and the Client: an analytics.Client that carries out
//     the verdicts on every Track, Identify, Page, Screen, Group and Alias.
//
// In a handler that is one line more than before:
//
//	client.For(r.Context()).Enqueue(analytics.Track{UserId: id, Event: "Order Completed"})
//
// # What leaves the process
//
// A message leaves with context.consent, which Segment itself enforces where the
// workspace is set up for it, and with an integrations object that opens the
// allowed destinations and closes all others. If no destination may see it, or if a
// denied one is of the few that integrations cannot stop, it does not leave.
// Options.OnDecision hears of both, with the reason for each destination.
//
// # What is not known is denied
//
// Every zero value allows nothing. Nobody looked (no middleware, a cron job, a request of
// another site from which the browser kept the cookies) and could not be read (a
// malformed cookie) are All(Denied), under every policy. Only
// a visitor who was looked at and has not answered is Unknown, which an opt-in
// policy denies and an opt-out policy allows.
//
// # Beyond requests
//
// A State is a comparable value with a text form, for the payload of a job or the
// header of a call between services; consent.NewContext puts it into the context
// where the work is done.
//
// # Between the browser and the server
//
// preferences.Handler takes a visitor's answer on the server, writes the cookie that
// the Consent Manager reads, and tells Segment. analyticsjs.Loader loads
// analytics.js for those who accepted something, and middleware.Renew keeps an answer
// in Safari longer than scripts can.
//
// # No message is lost unseen
//
// With consent.NewSegment every message has one outcome: delivered, failed, suppressed
// or refused. Options.OnOutcome hears of it, Client.Stats counts it. Enqueue does not
// block, and Client.Shutdown sends what is queued within a deadline.
//
// # Tests
//
// consent/consenttest has a Recorder to send to instead of Segment, and visitors of every
// kind to send for. Below it, segmenttest has a Segment on the loopback interface that
// can fail in every way, and conformance has suites for policies and sources of your own.
//
// The program in examples/shop shows all of it at work, with a page on which every
// event can be followed to each destination.
package segment
