package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"github.com/go-consent/segment/destinations"
	"github.com/go-consent/segment/destinations/records"
)

// printJSON prints the register as a program loads it, once it has no mistakes.
func printJSON(_ context.Context, args []string, w world) error {
	var o options
	if err := parse("json", args, w, o.registerFlags); err != nil {
		return err
	}
	data, err := o.read()
	if err != nil {
		return err
	}
	if _, err := destinations.Load(bytes.NewReader(data)); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err = w.stdout.Write(b.Bytes())
	return err
}

// printRecords prints the documents of the register.
func printRecords(_ context.Context, args []string, w world) error {
	var o options
	err := parse("records", args, w, o.registerFlags, func(f *flag.FlagSet) {
		f.StringVar(&o.format, "format", "html", "html or markdown for all documents; csv for the records of processing, cookies for the cookie policy as csv")
	})
	if err != nil {
		return err
	}
	register, today, err := o.open(w)
	if err != nil {
		return err
	}
	switch o.format {
	case "html":
		return records.HTML(w.stdout, register, today)
	case "markdown":
		_, err = fmt.Fprint(w.stdout, records.Markdown(register, today))
	case "csv":
		_, err = fmt.Fprint(w.stdout, records.Processing(register).CSV())
	case "cookies":
		_, err = fmt.Fprint(w.stdout, records.Cookies(register).CSV())
	default:
		return fmt.Errorf("-format: %q is none of html, markdown, csv and cookies", o.format)
	}
	return err
}
