package regime

import (
	"context"
	"net/http"

	"github.com/go-consent/segment/consent"
)

// Default returns the State that counts for the sender of r before there is an answer: a
// grant of every category for which the law at their place does not require prior consent,
// and no answer for the others. It is a Default of the middleware. The grants are presumed:
// verdicts say that nothing had to be asked, and they are never stored as an answer.
func (t *Rules) Default(r *http.Request) consent.State {
	if t == nil {
		return consent.All(consent.Denied)
	}
	regime := t.Of(r)
	return t.defaults[[3]Rule{regime.Functional, regime.Statistics, regime.Advertising}]
}

// Of returns the regime of the sender of r: the one that [Rules.Handler] of the same Rules
// put into its context, or else that of the place that Where returns. For a nil request it
// is the zero Regime.
func (t *Rules) Of(r *http.Request) Regime {
	if t == nil || r == nil {
		return Regime{}
	}
	if m, ok := r.Context().Value(contextKey{}).(mark); ok && m.rules == t {
		return m.regime
	}
	if t.where == nil {
		return Regime{}
	}
	return t.For(t.where(r))
}

// For returns the regime of a place: the override for the subdivision or for the country,
// or else the row of the table for either. It is the zero Regime for a malformed or unlisted
// country and, without an override of the country, for a malformed or unlisted subdivision
// of one whose subdivisions are listed. If the subdivision is "" or malformed, no rule is
// laxer than in the override of any subdivision of the country.
func (t *Rules) For(country, region string) Regime {
	country, region = cleanCountry(country), cleanRegion(country, region)
	if t == nil || country == "" {
		return Regime{}
	}
	r := t.row(country, region)
	if strictest, ok := t.divided[country]; ok && (region == "" || region == unclear) {
		r = r.within(strictest)
	}
	return r
}

// row returns the override or the row of the table for a place.
func (t *Rules) row(country, region string) Regime {
	place := joinPlace(country, region)
	if r, ok := t.overrides[place]; ok {
		return r
	}
	if r, ok := t.overrides[country]; ok {
		return r
	}
	rows := table()
	if r, ok := rows.byPlace[place]; ok {
		return r
	}
	if rows.divided[country] {
		return Regime{}
	}
	return rows.byPlace[country]
}

// Handler returns a handler that puts the regime of each request into its context, for logs
// and for the choice of a workspace, and serves it with next. Put it outside the middleware
// that has Default, so that Where is called once for both. It does not recover panics of
// Where.
func (t *Rules) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, mark{t, t.Of(r)})))
	})
}

type contextKey struct{}

// A mark is the regime that certain Rules found for a request.
type mark struct {
	rules  *Rules
	regime Regime
}

// FromContext returns the regime that [Rules.Handler] put into ctx, and the zero Regime,
// whose place is not known, if there is none. A Regime is a [slog.LogValuer]:
//
//	slog.InfoContext(ctx, "request", "regime", regime.FromContext(ctx))
//
// [slog.LogValuer]: https://pkg.go.dev/log/slog#LogValuer
func FromContext(ctx context.Context) Regime {
	if ctx == nil {
		return Regime{}
	}
	m, _ := ctx.Value(contextKey{}).(mark)
	return m.regime
}
