package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/go-consent/segment/destinations/records"
)

// printRecords prints the documents of the register.
func printRecords(_ context.Context, args []string, w world) error {
	var o options
	err := parse("records", args, w, o.registerFlags, func(f *flag.FlagSet) {
		f.StringVar(&o.format, "format", "html", "html or markdown for all documents; csv for the records of processing, cookies for the cookie policy as csv")
	})
	if err != nil {
		return err
	}
	today, err := o.day(w)
	if err != nil {
		return err
	}
	register, err := o.load()
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
