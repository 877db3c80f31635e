package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/destinations/workspace"
)

// check prints what somebody has to look at.
func check(ctx context.Context, args []string, w world) error {
	var o options
	err := parse("check", args, w, o.registerFlags, o.workspaceFlags, func(f *flag.FlagSet) {
		f.StringVar(&o.base, "base", "", "the table of decisions before the change, such as that of the main branch (default: -table)")
		f.StringVar(&o.sarif, "sarif", "", "a file to write the findings to as SARIF 2.1.0")
	})
	if err != nil {
		return err
	}
	today, err := o.day(w)
	if err != nil {
		return err
	}
	connected, err := o.workspace(ctx, w)
	if err != nil {
		return err
	}
	r := report{file: o.register, today: today, connected: connected}
	register, err := o.load()
	r.mistakes = destinations.Mistakes(err)
	if err != nil && len(r.mistakes) == 0 {
		return err
	}
	if err == nil {
		if r.findings, err = o.audit(register, connected, today); err != nil {
			return err
		}
		r.destinations = len(register.Destinations)
	}
	if o.sarif != "" {
		if err := os.WriteFile(o.sarif, r.sarif(), 0o666); err != nil {
			return err
		}
	}
	fmt.Fprint(w.stdout, r.text())
	if r.failing() > 0 {
		return errFound
	}
	return nil
}

func (o *options) audit(register *destinations.Register, connected *destinations.Workspace, today time.Time) ([]destinations.Finding, error) {
	kept, err := readTable(o.tableFile())
	if err != nil {
		return nil, err
	}
	audited := destinations.AuditOptions{Today: today, Workspace: connected, Base: kept}
	if o.base != "" {
		audited.Base, err = readTable(o.base)
		if err != nil {
			return nil, err
		}
		audited.Kept = kept
		if kept == nil {
			audited.Kept = &destinations.Table{} // a base does not make up for it
		}
	}
	return destinations.Audit(register, audited)
}

// write writes the table of decisions, once all that it opens is approved.
func write(_ context.Context, args []string, w world) error {
	var o options
	if err := parse("write", args, w, o.registerFlags); err != nil {
		return err
	}
	register, today, err := o.open(w)
	if err != nil {
		return err
	}
	findings, err := o.audit(register, nil, today)
	if err != nil {
		return err
	}
	r, outdated := report{file: o.register, today: today, destinations: len(register.Destinations)}, false
	for _, f := range findings {
		outdated = outdated || f.Rule == destinations.RuleTable
		if f.Rule == destinations.RuleWider {
			r.findings = append(r.findings, f)
		}
	}
	if len(r.findings) > 0 {
		fmt.Fprint(w.stdout, r.text())
		fmt.Fprintln(w.stdout, "The table was not written: it would keep what nobody approved.")
		return errFound
	}
	if !outdated {
		fmt.Fprintf(w.stdout, "%s is up to date.\n", o.tableFile())
		return nil
	}
	table, err := destinations.Tabulate(register.Config(), register.Defaults())
	if err != nil {
		return err
	}
	table.Written = today
	if err := os.WriteFile(o.tableFile(), []byte(table.String()), 0o666); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s was written.\n", o.tableFile())
	return nil
}

// approve prints the approvals that are missing, for a reviewer to add to the register.
func approve(_ context.Context, args []string, w world) error {
	var o options
	err := parse("approve", args, w, o.registerFlags, func(f *flag.FlagSet) {
		f.StringVar(&o.by, "by", "", "who approves")
		f.StringVar(&o.why, "why", "", "why")
		f.StringVar(&o.base, "base", "", "the table of decisions before the change (default: -table)")
	})
	if err != nil {
		return err
	}
	if o.by == "" {
		return fmt.Errorf("-by: an approval is that of a person")
	}
	register, today, err := o.open(w)
	if err != nil {
		return err
	}
	if o.base == "" {
		o.base = o.tableFile()
	}
	base, err := readTable(o.base)
	if err != nil {
		return err
	}
	now, err := destinations.Tabulate(register.Config(), register.Defaults())
	if err != nil {
		return err
	}
	type approval struct {
		Destination string `json:"destination,omitempty"`
		Opens       string `json:"opens"`
		By          string `json:"by"`
		On          string `json:"on"`
		Why         string `json:"why,omitempty"`
	}
	approvals := []approval{}
	for _, opening := range now.Wider(base) {
		approvals = append(approvals, approval{opening.Destination, opening.Fingerprint, o.by, today.Format(time.DateOnly), o.why})
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(approvals) // strings always encode
	_, err = w.stdout.Write(b.Bytes())
	return err
}

// save prints a copy of what is connected, for checks without a network.
func save(ctx context.Context, args []string, w world) error {
	var o options
	if err := parse("save", args, w, o.workspaceFlags); err != nil {
		return err
	}
	connected, err := o.workspace(ctx, w)
	if err != nil {
		return err
	}
	if connected == nil {
		return fmt.Errorf("save needs -cdn or -api")
	}
	return workspace.Write(w.stdout, *connected)
}
