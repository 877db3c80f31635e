package ledger

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
)

// A Record is one entry of the ledger: what a person answered, or a later event about it.
// The ledger fills in Sequence, Recorded and Erased; the rest is the caller's.
type Record struct {
	// Sequence numbers the records from 1, without a gap. Of two records the one with the
	// higher number is newer, whatever their times say.
	Sequence int64

	Kind Kind

	// Device is the anonymous id of the browser, Account the id of the user who was signed
	// in there; each may be "", but not both.
	Device, Account string

	// State is the answer, without presumed grants. The State of a Signal holds only
	// denials.
	State consent.State

	// Scope says whom the answer is for. AccountScope needs a person who is signed in, and
	// who was told that the answer counts on every device.
	Scope Scope

	// Source is what the answer was read from or given to, such as "onetrust" or
	// "preferences"; Method is how it was given, such as "accept all" or "form".
	Source, Method string

	// Notice is what the person was shown.
	Notice Notice

	// Policy is the fingerprint of the policy that was in force.
	Policy string

	// Language and Region are the person's; RegionSource says how the region is known, such
	// as "header" or "account".
	Language, Region, RegionSource string

	// TC and GPP are the strings of the IAB, if the answer came with one.
	TC, GPP string

	// Given is when the person answered, Recorded when the ledger took it. Both are exact to
	// the microsecond. A zero Given becomes Recorded.
	Given, Recorded time.Time

	// ValidUntil is when the grants of the answer end and the person is to be asked again;
	// its denials stay. Zero: they do not end.
	ValidUntil time.Time

	// Erased says that the personal data of the record is gone: ids, State, strings,
	// language and region.
	Erased bool
}

// A Kind says what a Record is about.
type Kind string

// The kinds of records. The ledger writes Erasure and Expiry itself.
const (
	Answer     Kind = "answer"     // the person answered
	Withdrawal Kind = "withdrawal" // the person took back what was granted, or the whole answer
	Signal     Kind = "signal"     // the browser sent a signal, such as Global Privacy Control
	Import     Kind = "import"     // imported from another system; never displaces an answer
	Link       Kind = "link"       // the device was used by the account
	Erasure    Kind = "erasure"    // records were erased because a person asked
	Expiry     Kind = "expiry"     // records were erased because their Retention had passed
)

// explicit are the kinds that a person gave.
var explicit = []string{string(Answer), string(Withdrawal)}

// A Scope says whom an answer is for.
type Scope string

// The scopes. The zero Scope becomes DeviceScope when the Record is appended.
const (
	DeviceScope  Scope = "device"
	AccountScope Scope = "account"
)

// A Notice is what a person was shown before answering: which text, in which version, and
// the SHA-256 of what was on the screen.
type Notice struct {
	ID, Version string
	Shown       [32]byte
}

// Limits of a Record, in bytes.
const (
	maxID     = 1 << 10
	maxField  = 256
	maxString = 16 << 10 // of TC and GPP
)

// check returns everything that is wrong with a Record to append.
func (r Record) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch r.Kind {
	case Answer, Withdrawal, Signal, Import:
		if r.State != r.State.Given() {
			wrong("the State has presumed grants, which are not an answer")
		}
		if r.State.Rest() == consent.Granted {
			wrong("the State grants what it does not name, which is not an answer")
		}
		if _, err := r.State.MarshalText(); err != nil {
			wrong("the State: %w", err)
		}
	case Link:
		if r.Device == "" || r.Account == "" {
			wrong("a link needs a device and an account")
		}
	case Erasure, Expiry:
		wrong("only the ledger writes records of kind %s", r.Kind)
	default:
		wrong("unknown kind")
	}
	if r.Kind == Signal && r.State != r.State.Denials() {
		wrong("a signal grants something, or has the asked mark")
	}
	if r.Device == "" && r.Account == "" {
		wrong("there is neither a device nor an account")
	}
	switch r.Scope {
	case "", DeviceScope:
	case AccountScope:
		if r.Account == "" {
			wrong("an answer for an account has no account")
		}
	default:
		wrong("unknown scope")
	}
	for _, f := range [...]struct {
		name, value string
		limit       int
	}{
		{"Device", r.Device, maxID},
		{"Account", r.Account, maxID},
		{"Source", r.Source, maxField},
		{"Method", r.Method, maxField},
		{"Notice.ID", r.Notice.ID, maxField},
		{"Notice.Version", r.Notice.Version, maxField},
		{"Policy", r.Policy, maxField},
		{"Language", r.Language, maxField},
		{"Region", r.Region, maxField},
		{"RegionSource", r.RegionSource, maxField},
		{"TC", r.TC, maxString},
		{"GPP", r.GPP, maxString},
	} {
		if len(f.value) > f.limit {
			wrong("%s is longer than %d bytes", f.name, f.limit)
		}
		if !utf8.ValidString(f.value) {
			wrong("%s is not UTF-8", f.name)
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%w: %w", ErrRecord, errors.Join(errs...))
	}
	return nil
}

// holds reports whether r holds an answer, and does not withdraw one.
func (r Record) holds() bool { return r.Sequence != 0 && r.State != consent.NewState(nil) }

// expired reports whether the grants of r have ended.
func (r Record) expired(now time.Time) bool {
	return !r.ValidUntil.IsZero() && !now.Before(r.ValidUntil)
}

// standing returns the part of the answer that still counts: all of it, or its denials.
func (r Record) standing(now time.Time) consent.State {
	if r.expired(now) {
		return r.State.Denials()
	}
	return r.State
}
