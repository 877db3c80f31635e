package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/destinations/workspace"
)

// options are the flags. Each command has those that it uses.
type options struct {
	register, table, base, sarif string

	cdn, cdnURL, api, apiURL, copied string

	today    string
	by, why  string
	format   string
	deadline time.Duration
}

func (o *options) registerFlags(f *flag.FlagSet) {
	f.StringVar(&o.register, "register", "register.json", "the register, as JSON or YAML")
	f.StringVar(&o.table, "table", "", "the table of decisions (default: decisions.txt beside the register)")
	f.StringVar(&o.today, "today", "", "the day of the check, such as 2026-11-25 (default: today, in UTC)")
}

func (o *options) workspaceFlags(f *flag.FlagSet) {
	f.StringVar(&o.cdn, "cdn", "", "the write key of a source, whose documents on Segment's CDN are read")
	f.StringVar(&o.cdnURL, "cdn-url", "", "the CDN (default: https://cdn.segment.com)")
	f.StringVar(&o.api, "api", "", "the id of a source, which Segment's Public API is asked about; the token is in SEGMENT_API_TOKEN")
	f.StringVar(&o.apiURL, "api-url", "", "the API (default: "+workspace.APIUS+"; European workspaces: "+workspace.APIEU+")")
	f.StringVar(&o.copied, "copy", "", "a file that consentgate save wrote")
	f.DurationVar(&o.deadline, "deadline", 30*time.Second, "how long Segment may take")
}

// parse parses the arguments of a command. A given flag must not be empty: if its variable is not
// set, "-cdn $KEY" would compare with nothing, and pass.
func parse(name string, args []string, w world, add ...func(*flag.FlagSet)) error {
	f := flag.NewFlagSet("consentgate "+name, flag.ContinueOnError)
	f.SetOutput(w.stderr)
	for _, flags := range add {
		flags(f)
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is no flag", f.Arg(0))
	}
	var empty error
	f.Visit(func(given *flag.Flag) {
		if given.Value.String() == "" {
			empty = fmt.Errorf("-%s is empty: is a variable not set?", given.Name)
		}
	})
	return empty
}

func (o *options) day(w world) (time.Time, error) {
	if o.today == "" {
		return w.now.UTC().Truncate(24 * time.Hour), nil
	}
	day, err := time.Parse(time.DateOnly, o.today)
	if err != nil {
		return day, fmt.Errorf("-today: %q is no day such as 2026-11-25", o.today)
	}
	return day, nil
}

func (o *options) tableFile() string {
	if o.table != "" {
		return o.table
	}
	return filepath.Join(filepath.Dir(o.register), "decisions.txt")
}

// read reads the file of the register as JSON.
func (o *options) read() ([]byte, error) {
	data, err := os.ReadFile(o.register)
	if err != nil {
		return nil, err
	}
	if ext := strings.ToLower(filepath.Ext(o.register)); ext == ".yaml" || ext == ".yml" {
		return fromYAML(data)
	}
	return data, nil
}

// load reads the register. Mistakes in it are findings, not failures.
func (o *options) load() (*destinations.Register, error) {
	data, err := o.read()
	if err != nil {
		return nil, err
	}
	return destinations.Load(bytes.NewReader(data))
}

// open reads the register, and also returns the day.
func (o *options) open(w world) (*destinations.Register, time.Time, error) {
	today, err := o.day(w)
	if err != nil {
		return nil, today, err
	}
	register, err := o.load()
	return register, today, err
}

// readTable reads a table of decisions. If the file does not exist, the table is nil.
func readTable(file string) (*destinations.Table, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := destinations.ReadTable(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return table, nil
}

// workspace reads what is connected at Segment, or returns nil if it was not asked for.
func (o *options) workspace(ctx context.Context, w world) (*destinations.Workspace, error) {
	asked := 0
	for _, flag := range []string{o.cdn, o.api, o.copied} {
		if flag != "" {
			asked++
		}
	}
	if asked > 1 {
		return nil, errors.New("-cdn, -api and -copy: one of them is enough")
	}
	ctx, cancel := context.WithTimeout(ctx, o.deadline)
	defer cancel()
	var read destinations.Workspace
	var err error
	switch {
	case o.cdn != "":
		read, err = workspace.CDN{WriteKey: o.cdn, URL: o.cdnURL, Client: &http.Client{}}.Fetch(ctx)
	case o.api != "":
		token := w.getenv("SEGMENT_API_TOKEN")
		if token == "" {
			return nil, errors.New("-api needs a token in SEGMENT_API_TOKEN")
		}
		read, err = workspace.API{Source: o.api, Token: token, URL: o.apiURL, Client: &http.Client{}}.Fetch(ctx)
	case o.copied != "":
		var f *os.File
		if f, err = os.Open(o.copied); err == nil {
			defer f.Close()
			read, err = workspace.Read(f)
		}
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &read, nil
}
