package consenttest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/destinations/workspace"
)

// A Review is what [RequireReviewed] looks at. The files are read; nothing is fetched.
type Review struct {
	// Register is the file of the register, in JSON: see [destinations.Load]. Required.
	Register string

	// Decisions is the file with the table of decisions that were approved: see
	// [destinations.Table]. Required. If the file does not exist, nothing was approved.
	Decisions string

	// Workspace is a copy of what is connected at Segment: see [workspace.Read]. Empty:
	// not compared.
	Workspace string

	// Regimes are what the Defaults of the site presume, by the name of the regime. Nil:
	// those of the register.
	Regimes map[string]consent.State

	// Today is the day of the review, such as time.Now(). Required.
	Today time.Time
}

// RequireReviewed fails the test at once unless the register passes the gate: everything is
// reviewed, nothing is overdue or without an owner, nothing is connected that the register lacks,
// and nothing is decided wider than before without an approval. It returns the register. The
// program should compile its policy from the Config of the register.
//
//	func TestDestinationsAreReviewed(t *testing.T) {
//		register := consenttest.RequireReviewed(t, consenttest.Review{
//			Register: "register.json", Decisions: "decisions.txt", Workspace: "workspace.json", Today: time.Now(),
//		})
//		require.Equal(t, register.Config(), shop.Config)
//	}
//
// With CONSENTTEST_UPDATE=1 the table is written again, if all that it opens is approved.
func RequireReviewed(t testing.TB, r Review) *destinations.Register {
	t.Helper()
	if r.Today.IsZero() {
		t.Fatalf("consenttest: a Review needs a day, such as time.Now()")
	}
	register, options, err := r.read()
	if err != nil {
		t.Fatalf("consenttest: %v", err)
	}
	findings, err := destinations.Audit(register, options)
	if err != nil {
		t.Fatalf("consenttest: %s: %v", r.Register, err)
	}
	failing := destinations.Failing(findings)
	if updating() && len(failing) == 1 && failing[0].Rule == destinations.RuleTable {
		if err := r.write(register, options); err != nil {
			t.Fatalf("consenttest: %v", err)
		}
		t.Logf("consenttest: %s was written", r.Decisions)
		return register
	}
	var text strings.Builder
	for _, f := range failing {
		fmt.Fprintf(&text, "\n%s:%d: %s", r.Register, f.Line, f)
		if f.Cure != "" {
			fmt.Fprintf(&text, "\n  > %s", f.Cure)
		}
	}
	if len(failing) > 0 {
		t.Fatalf("consenttest: the register is not reviewed, %d findings:%s", len(failing), &text)
	}
	return register
}

func (r Review) read() (*destinations.Register, destinations.AuditOptions, error) {
	options := destinations.AuditOptions{Today: r.Today.UTC().Truncate(24 * time.Hour), Regimes: r.Regimes}
	f, err := os.Open(r.Register)
	if err != nil {
		return nil, options, err
	}
	defer f.Close()
	register, err := destinations.Load(f)
	if err != nil {
		return nil, options, fmt.Errorf("%s:\n%w", r.Register, err)
	}
	table, err := os.Open(r.Decisions)
	if err == nil {
		defer table.Close()
		if options.Base, err = destinations.ReadTable(table); err != nil {
			return nil, options, fmt.Errorf("%s: %w", r.Decisions, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) || r.Decisions == "" {
		return nil, options, fmt.Errorf("the table of decisions: %w", err)
	}
	if r.Workspace == "" {
		return register, options, nil
	}
	copied, err := os.Open(r.Workspace)
	if err != nil {
		return nil, options, err
	}
	defer copied.Close()
	connected, err := workspace.Read(copied)
	if err != nil {
		return nil, options, fmt.Errorf("%s: %w", r.Workspace, err)
	}
	options.Workspace = &connected
	return register, options, nil
}

func (r Review) write(register *destinations.Register, options destinations.AuditOptions) error {
	regimes := options.Regimes
	if regimes == nil {
		regimes = register.Defaults()
	}
	table, err := destinations.Tabulate(register.Config(), regimes)
	if err != nil {
		return err
	}
	table.Written = options.Today
	return os.WriteFile(r.Decisions, []byte(table.String()), 0o666)
}
