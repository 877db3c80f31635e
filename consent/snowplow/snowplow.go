// Package snowplow sends events to a Snowplow pipeline as the consent package sends them to
// Segment: the same policy, the same answers of visitors, and Snowplow's own events on the
// wire. [New] returns a consent.Client, so With, For, Exempt, Tell, Stats and all of Options
// are the same, and messages are those of Segment's analytics-go.
//
// # What becomes of a message
//
//	| message | becomes |
//	|---|---|
//	| Track of Config.Schemas | a self-describing event of that schema, with the Properties as its data |
//	| any other Track | iglu:com.segment/track/jsonschema/1-0-0 |
//	| Page with a URL | a page view; a Name and further Properties in an entity iglu:com.segment/page/jsonschema/2-0-0 |
//	| Page without | an event of that schema |
//	| Screen with a Name | a screen view; Properties in an entity iglu:com.segment/screen/jsonschema/2-0-0 |
//	| Screen without | an event of that schema |
//	| Identify | iglu:com.segment/identify/jsonschema/1-0-0 |
//	| Group | iglu:com.segment/group/jsonschema/2-0-0 |
//	| Alias | iglu:com.segment/alias/jsonschema/2-0-0 |
//	| update of preferences | iglu:com.snowplowanalytics.snowplow/consent_preferences/jsonschema/1-0-0: see [Preferences] |
//
// The schemas of com.segment are in Iglu Central, which pipelines resolve by default.
// UserId is user_id, AnonymousId domain_userid, Timestamp true_tstamp. A MessageId that is a
// UUID is the event_id; of any other the event_id is made, always the same, so that a message
// that is sent twice is found to be one. Of a Context, the IP, UserAgent, Locale, Timezone
// and Screen have fields of their own; all but IP and UserAgent stand in an entity
// iglu:com.segment/context/jsonschema/1-0-0 too. The rules of the pipeline are those of its
// documentation and of the schemas in snowplow/iglu-central, read in November 2026.
//
// # Who keeps what from whom
//
// Snowplow has nothing like Segment's integrations object, and enforces no consent.
//
//	| what | in whose hands |
//	|---|---|
//	| an event that somebody whom the pipeline feeds may not see | ours: suppressed, see [Router] |
//	| a destination that the pipeline feeds and Router.Destinations lacks | the site's: it gets every event |
//	| the preference event, whoever may see it | the site's: no forwarder and no model of the pipeline may pass it on |
//	| an event that fails its schema after the collector took it | the pipeline's: it keeps it as a failed event and tells no client |
//	| the network_userid of the collector | nobody's: it makes one up for each request of a server |
//	| what was stored before a withdrawal | an erasure in the warehouse: nothing in an event takes it back |
//
// # How events leave
//
// Through the emitter of Snowplow's Go tracker, version 3.1.0. By itself it loses events and
// tells nobody: a redirect counts as success, and so does any answer to an event of more than
// 40,000 bytes; what failed is sent again only when the next event comes; data without a JSON
// form is left out. It panics where a field is missing, prints to package log, and has data
// races. Here it sends one request at a time, of what cannot go wrong in that way.
//
// Each message that Enqueue accepts has an outcome, Delivered or Failed, told to OnOutcome.
// Delivered says that the collector answered with a status of 2xx. A request is tried ten
// times, but not again after a status that will not change. Events wait in memory, and are
// lost with the process.
package snowplow

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/go-consent/segment/consent"
)

// ErrField is the error of a message with a field that the pipeline would refuse, such as a
// UserId of more than 255 characters. It names the field and not its value.
var ErrField = errors.New("snowplow: the pipeline would refuse a field")

// A Config says where events go, and as what.
type Config struct {
	// Collector is the address of the collector: https://host, without a path.
	Collector string

	// AppID and Namespace are the app_id and the name_tracker of all events; each may be "".
	AppID, Namespace string

	// Schemas are the Iglu schemas of Track events, by the exact name of the event:
	// iglu:com.example/order_completed/jsonschema/1-0-0. Whether the Properties are valid is
	// for the pipeline to say.
	Schemas map[string]string

	// Transport sends the requests. It must end when the context of a request does. Nil:
	// http.DefaultTransport. Redirects are not followed.
	Transport http.RoundTripper

	// Timeout is how long an attempt may take. Zero: 10 seconds.
	Timeout time.Duration

	// RetryAfter is the pause before another attempt, of which the first is 0. Nil: 100
	// milliseconds, and twice as long each time, up to 10 seconds.
	RetryAfter func(attempt int) time.Duration

	// MaxPending limits how many messages may be without an outcome. Zero: 10,000.
	MaxPending int

	// MaxPendingBytes limits how many bytes they may have as payloads of the tracker. Zero:
	// 64 MiB. The messages themselves are kept too, for OnOutcome.
	MaxPendingBytes int
}

// New returns a Client that sends to a collector through Snowplow's Go tracker. The Router
// of the options must be nil; r takes its place.
//
// Enqueue does not block. It returns [consent.ErrFull] where one of the limits of the Config
// is reached (those of the options do not count), [ErrField], [consent.ErrNoJSON], and
// [analytics.ErrMessageTooBig] for a message of more than 150,000 bytes as a payload of the
// tracker: the smallest limit of a collector, that of its SQS sink, is 192,000.
//
// Flush, Shutdown and Close are as with a client of [consent.NewSegment]: they wait until
// OnOutcome has returned for each message, and Shutdown returns how many were lost.
//
// The error joins everything wrong, each wrapping [consent.ErrConfig].
//
// [analytics.ErrMessageTooBig]: https://pkg.go.dev/github.com/segmentio/analytics-go/v3#pkg-variables
func New(c Config, r Router, p consent.Policy, o *consent.Options) (*consent.Client, error) {
	var options consent.Options
	if o != nil {
		options = *o
	}
	wrong := append(c.wrong(), r.wrong(p)...)
	if options.Router != nil {
		wrong = append(wrong, "the options have a Router of their own")
	}
	if p == nil {
		wrong = append(wrong, "the policy is nil")
	}
	var err error
	for _, text := range wrong {
		err = errors.Join(err, fmt.Errorf("%w: %s", consent.ErrConfig, text))
	}
	if err != nil {
		return nil, err
	}
	options.Router = r
	return consent.New(newAdapter(c, r.GDPR), p, &options), nil
}

var schemaURI = regexp.MustCompile(`^iglu:[a-zA-Z0-9_.-]+/[a-zA-Z0-9_-]+/jsonschema/[1-9][0-9]*-[0-9]+-[0-9]+$`)

func (c Config) wrong() (wrong []string) {
	if u, err := url.Parse(c.Collector); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" ||
		u.Scheme+"://"+u.Host != c.Collector {
		wrong = append(wrong, "the Collector is not of the form https://host")
	}
	if length(c.AppID) > maxAppID || length(c.Namespace) > maxNamespace {
		wrong = append(wrong, "the AppID or the Namespace is too long for Snowplow")
	}
	for event, schema := range c.Schemas {
		if !schemaURI.MatchString(schema) {
			wrong = append(wrong, fmt.Sprintf("the schema of %q is not of the form iglu:vendor/name/jsonschema/1-0-0", event))
		}
		if event == consent.UpdateEvent {
			wrong = append(wrong, "the update of preferences has a schema of its own")
		}
	}
	if c.Timeout < 0 || c.MaxPending < 0 || c.MaxPendingBytes < 0 {
		wrong = append(wrong, "a limit is negative")
	}
	return wrong
}
