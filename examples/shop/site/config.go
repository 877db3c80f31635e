package site

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/go-consent/segment/consent/ledger"
)

// A Config says where a shop listens, where its events go and where it stores answers.
type Config struct {
	Addr     string // to listen on
	Hosts    string // names of the shop besides this machine's own, with commas between them
	WriteKey string // of a workspace of Segment; "": the events go to a fake Segment
	EU       bool   // the workspace is a European one
	Segment  string // URL of what takes the place of Segment, such as a fake one of another process; "": Segment itself

	// Store keeps the ledger of what people answered. Serve leaves it open.
	Store ledger.Store

	// Queue is what the events wait in. Serve leaves it open. Nil: they wait in memory.
	Queue *Queue

	Out, Errors io.Writer
}

// Parse sets c from the arguments of a program, which may have defined further flags. It reports
// whether to go on: after -help there is nothing left to do.
func (c *Config) Parse(flags *flag.FlagSet, args []string) (goOn bool, err error) {
	flags.SetOutput(io.Discard) // what is wrong is returned
	flags.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "the `address` to listen on")
	flags.StringVar(&c.Hosts, "host", "", "`names` of the shop besides this machine's own, with commas between them")
	flags.StringVar(&c.Segment, "segment", "", "the `URL` of what takes the place of Segment, which is given WRITE_KEY")
	flags.BoolVar(&c.EU, "eu", false, "the workspace of WRITE_KEY is a European one")
	err = flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(c.Errors)
		flags.Usage()
		return false, nil
	case err != nil:
		return false, err
	case flags.NArg() > 0:
		return false, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case c.Segment != "" && c.WriteKey == "":
		return false, errors.New("-segment chooses where WRITE_KEY is sent, and WRITE_KEY is not set")
	case c.EU && c.WriteKey == "":
		return false, errors.New("-eu chooses where WRITE_KEY is sent, and WRITE_KEY is not set")
	}
	return true, nil
}
