package telemetry

import (
	"context"
	"log/slog"

	"github.com/segmentio/analytics-go/v3"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/internal/delivery"
)

// LogDecisions returns a function for the OnDecision of a Client that logs a record for each
// message, at level Debug: its type, and for each destination that the policy names whether
// it was allowed, and the reason. Names that only a visitor has are counted under [Other].
//
//	level=DEBUG msg="consent decided" type=track destinations.Amplitude="denied, the visitor denied a category"
func LogDecisions(l *slog.Logger, p consent.Policy) func(analytics.Message, consent.Decision) {
	known := New(p).destinations
	return func(m analytics.Message, d consent.Decision) {
		if !l.Enabled(context.Background(), slog.LevelDebug) {
			return
		}
		var verdicts []slog.Attr
		others := 0
		for v := range d.Verdicts() {
			if !known[v.Destination] {
				others++
				continue
			}
			verdicts = append(verdicts, slog.String(v.Destination, said(v)))
		}
		if others > 0 {
			verdicts = append(verdicts, slog.Int(Other, others))
		}
		l.LogAttrs(context.Background(), slog.LevelDebug, "consent decided",
			slog.String("type", typeOf(m)), slog.GroupAttrs("destinations", verdicts...))
	}
}

func said(v consent.Verdict) string {
	if v.Allowed {
		return "allowed, " + string(v.Reason)
	}
	return "denied, " + string(v.Reason)
}

// LogOutcomes returns a function for the OnOutcome of a Client that logs a record for each
// message: its type and result, and why it was suppressed or lost. What is lost (failed or
// refused) has level Warn, what is suppressed Info, the rest Debug.
func LogOutcomes(l *slog.Logger) func(analytics.Message, consent.Outcome) {
	return func(m analytics.Message, o consent.Outcome) {
		level := slog.LevelDebug
		switch o.Result {
		case consent.Failed, consent.Refused:
			level = slog.LevelWarn
		case consent.Suppressed:
			level = slog.LevelInfo
		}
		attrs := []slog.Attr{slog.String("type", typeOf(m)), slog.String("result", string(o.Result))}
		if o.Reason != "" {
			attrs = append(attrs, slog.String("reason", string(o.Reason)))
		}
		if o.Err != nil {
			attrs = append(attrs, slog.String("error", o.Err.Error()))
		}
		l.LogAttrs(context.Background(), level, "consent outcome", attrs...)
	}
}

// typeOf returns the type of a message as it is on the wire, such as "track".
func typeOf(m analytics.Message) string {
	if kind := delivery.KindOf(m); kind != nil {
		return kind.Name
	}
	return "unknown"
}
