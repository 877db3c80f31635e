// Package segment is a tour of a library that makes server-side Segment tracking obey the
// visitor's consent. It has no code; the packages below do.
//
// # The problem
//
// Visitors answer a consent banner in the browser, and the answer sits in a cookie. Scripts
// in the page obey it. A backend that calls Segment through analytics-go does not: it sends
// the visitor's events to every destination of the workspace, including those the visitor
// rejected.
//
// # From the cookie to the event
//
// A request passes four packages, each of which can be used without the others:
//
//   - cookie reads the answer that Segment's Consent Manager wrote into its
//     cookie, and writes one that the Consent Manager reads. Below it is one package
//     for each other consent platform. What cannot be read is an error, never a guess.
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
// A message leaves with context.consent, which Segment itself enforces where the workspace is
// set up for it, and with an integrations object that opens the allowed destinations and
// closes all others. If no destination may see it, or if a denied one is of the few that
// integrations cannot stop, it is suppressed. Options.OnDecision reports both, with the
// reason for each destination, exactly as in the integrations object.
//
// # What is not known is denied
//
// Every zero value allows nothing. Three cases look alike, but differ:
//
//	nobody looked             All(Denied), the zero State: no middleware, a cron job, a
//	                          payload without the field, a request of another site from
//	                          which browsers keep the visitor's cookies
//	could not be read         All(Denied), and OnError is told
//	looked, and no answer     NewState(nil): Unknown, which an opt-in policy denies and an
//	                          opt-out policy allows
//
// # Several sources
//
// The Sources of one visitor complete each other (State.Restrict):
//
//	one says    another says    together
//	denied      anything        denied
//	granted     nothing         granted
//	nothing     nothing         no answer: Default is asked, and its grants are presumed
//	unreadable  anything        All(Denied), whatever Default says
//
// The denials of the Signals count on top of all that, and a nested middleware can only
// close more. Two answers of one person, as on a device and in an account, are something
// else: see consent.Both.
//
// # Beyond requests
//
// A State is a comparable value with a text form, which JSON, gob and database/sql use too.
// consent.Text gives it to the payload of a job or the header of a call between your own
// services, and consent.WithText puts it into the context where the work is done. Package
// middleware/peer does so for HTTP, and examples/frameworks for gRPC, queues and jobs.
//
// # Between the browser and the server
//
// preferences.Handler takes a visitor's answer on the server, writes the cookie that
// the Consent Manager reads, or that of a banner of your own (cookie/custom), and tells
// Segment. analyticsjs.Loader loads analytics.js for those who accepted something, and
// middleware.Renew keeps an answer in Safari longer than scripts can.
//
// # Regions
//
// Package middleware/regime says which law applies to a request, and provides the Default of
// the middleware: opt-in, opt-out or nothing to ask, by purpose. consent/workspaces sends
// each event to the workspace of its region. middleware/explain shows how the verdicts for a
// request came about.
//
// destinations.Load takes the table from a reviewed register, with purpose, legal basis and
// owner of each destination, and destinations/consentgate fails a pull request that opens
// more than somebody has approved.
//
// # Other routers
//
// A consent.Router turns a decision into what a service other than Segment enforces, and
// suppresses the rest. consent/rudderstack, consent/snowplow and consent/mparticle, modules
// of their own, have one each, consent.Gate is for services that enforce nothing, and
// consent/routers sends each message to several. .github/ROUTERS.md says who enforces what.
//
// # Accounts and proof
//
// Package consent/ledger keeps a record of every answer in a chain that shows tampering, and
// says whose answer counts where a device and an account differ: in requests, and for workers
// that have none. A person can be shown what is held, and be erased.
//
// # Before it is switched on
//
// Options.DangerouslySendUnchanged decides, reports and sends as before. Package
// consent/trial sums up for a reviewer what each destination would lose, and why.
//
// # No message is lost silently
//
// With consent.NewSegment every message has one outcome: delivered, failed, suppressed or
// refused. Options.OnOutcome reports it, Client.Stats counts it. Enqueue does not block,
// Client.Flush sends what is queued now, and Client.Shutdown does so within a deadline, with
// retries.
//
// # Durable delivery
//
// A Client of consent.NewQueued stores each event before Enqueue returns, so none is lost when
// the process dies. A queue.Worker asks for the visitor's answer again when the event leaves,
// and a withdrawal counts for what is still queued. The engines are modules of their own:
// consent/queue/jetstream, on the disk of this process or in a cluster, and
// consent/queue/river, in the same Postgres transaction as the event's cause.
//
// # Tests
//
// consent/consenttest has a Recorder to send to instead of Segment, and visitors of every
// kind to send for. Below it, segmenttest has a Segment on the loopback interface that
// can fail in every way, and conformance has suites for policies, sources, routers, stores and
// queues of your own.
//
// The program in examples/shop shows all of it at work, with a page on which every
// event can be followed to each destination. examples/durable keeps its records in SQLite and
// its events in a queue.
package segment
