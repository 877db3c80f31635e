// Command consentgate checks a register of destinations before a change of it is merged:
// against what is connected at Segment, against the calendar, and against what the
// register decided before. It exits with status 1 if anything is unreviewed, overdue,
// without an owner, or decided wider without an approval, and with 2 if it could not
// look.
//
//	consentgate check   -register register.yaml [-cdn WRITE-KEY | -api SOURCE | -copy FILE]
//	consentgate write   -register register.yaml
//	consentgate approve -register register.yaml -by NAME [-why REASON]
//	consentgate records -register register.yaml -format html|markdown|csv
//	consentgate save    -cdn WRITE-KEY | -api SOURCE
//	consentgate json    -register register.yaml
//
// See the README in its directory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// The exit statuses.
const (
	passed  = 0
	found   = 1 // something that somebody has to look at
	unknown = 2 // it could not look
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], world{os.Stdout, os.Stderr, os.Getenv, time.Now()}))
}

// A world is what the command depends on besides its arguments and files.
type world struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	now            time.Time
}

// errFound is the error of a check that found something, after it was printed.
var errFound = errors.New("findings")

const usage = `usage: consentgate check | write | approve | records | save | json, each with -help
`

func run(ctx context.Context, args []string, w world) (status int) {
	commands := map[string]func(context.Context, []string, world) error{
		"check": check, "write": write, "approve": approve, "records": printRecords, "save": save, "json": printJSON,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(w.stderr, usage)
		return unknown
	}
	switch err := commands[args[0]](ctx, args[1:], w); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return passed
	case errors.Is(err, errFound):
		return found
	default:
		fmt.Fprintln(w.stderr, "consentgate:", err)
		return unknown
	}
}
