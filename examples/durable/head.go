package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-consent/segment/consent/ledger"
)

// printHead prints a head as the flag takes it. An empty ledger has none.
func printHead(w io.Writer, h ledger.Head) {
	if h.Sequence > 0 {
		fmt.Fprintf(w, "Keep its head elsewhere: -head %d:%x\n", h.Sequence, h.Hash)
	}
}

// headsOf returns the head in a text, or none if it is "".
func headsOf(text string) ([]ledger.Head, error) {
	if text == "" {
		return nil, nil
	}
	number, hash, _ := strings.Cut(text, ":")
	sequence, err := strconv.ParseInt(number, 10, 64)
	sum, notHex := hex.DecodeString(hash)
	if err != nil || notHex != nil || sequence < 1 || len(sum) != 32 {
		return nil, errors.New("-head is not a number and a hash, as an earlier run printed them")
	}
	return []ledger.Head{{Sequence: sequence, Hash: sum}}, nil
}
